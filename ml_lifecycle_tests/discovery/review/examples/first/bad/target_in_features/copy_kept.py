import pandas as pd

df = pd.read_csv("bank.csv")
df["label"] = (df["y"] == "yes").astype(int)
X = df.drop(columns=["label"])
y = df["label"]
model.fit(X, y)
