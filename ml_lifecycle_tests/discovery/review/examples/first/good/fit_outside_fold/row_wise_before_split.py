import numpy as np
from sklearn.model_selection import train_test_split

df["log_income"] = np.log1p(df["income"])
df["per_head"] = df["income"] / df["household"]
df["score"] = df[["a", "b", "c"]].mean(axis=1)
train, test = train_test_split(df, test_size=0.2, random_state=3)
