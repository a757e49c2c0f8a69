import pandas as pd

df = pd.read_csv("prices.csv")
df["momentum"] = df["close"].shift(-5) / df["close"]
df["smooth"] = df["close"].rolling(7, center=True).mean()
