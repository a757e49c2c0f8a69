X = df[df.columns]
y = df["price"]
model.fit(X, y)
