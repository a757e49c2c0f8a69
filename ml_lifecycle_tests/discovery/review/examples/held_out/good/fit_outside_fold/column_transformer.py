from sklearn.compose import ColumnTransformer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

prepare = ColumnTransformer([("n", StandardScaler(), numeric), ("c", OneHotEncoder(), categories)])
whole = Pipeline([("prepare", prepare), ("model", estimator)])
a, b, c, d = train_test_split(table, answer, random_state=1)
whole.fit(a, c)
print(whole.score(b, d))
