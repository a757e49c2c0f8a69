X = df.loc[:, df.columns != "price"]
y = df["price"]
model.fit(X, y)
