df = df[df["price"] > 0]
X, y = df.drop("price", axis=1), df["price"]
model.fit(X, y)
