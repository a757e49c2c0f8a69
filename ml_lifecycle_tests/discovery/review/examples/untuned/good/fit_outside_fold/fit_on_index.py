from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

learn, judge = train_test_split(df.index, random_state=0)
scaler = StandardScaler().fit(df.loc[learn, columns])
df[columns] = scaler.transform(df[columns])
