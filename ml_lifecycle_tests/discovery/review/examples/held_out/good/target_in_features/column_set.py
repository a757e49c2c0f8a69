numeric = ["rooms", "area"]
categories = ["street"]
houses = houses.dropna(subset=["price"])
inputs = houses[numeric + categories]
model.fit(inputs, houses["price"])
