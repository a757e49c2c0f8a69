df = df.sort_values("day")
df["target"] = df["close"].shift(-1)
df["lag"] = df["close"].shift(1)
df["week"] = df["close"].rolling(7).mean()
