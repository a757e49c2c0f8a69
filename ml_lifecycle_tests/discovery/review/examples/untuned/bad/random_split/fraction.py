df = df.sort_values("order_date")
train = df.sample(frac=0.8, random_state=0)
test = df.drop(train.index)
