from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder

for name in text_columns:
    df[name] = LabelEncoder().fit_transform(df[name])
train, test = train_test_split(df, random_state=0)
