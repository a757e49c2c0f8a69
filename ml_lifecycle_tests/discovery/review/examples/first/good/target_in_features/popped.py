import pandas as pd

df = pd.read_csv("customers.csv")
y = df.pop("churned")
X = df.select_dtypes("number")
model.fit(X, y)
