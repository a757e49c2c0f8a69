from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder

y = LabelEncoder().fit_transform(df["species"])
X_train, X_test, y_train, y_test = train_test_split(df[columns], y, random_state=0)
