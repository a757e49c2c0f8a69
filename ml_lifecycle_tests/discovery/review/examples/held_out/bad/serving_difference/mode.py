class Prices:
    def __init__(self, mode):
        self.mode = mode

    def transform(self, X):
        if self.mode == "serving":
            return X.assign(price=X["price_live"])
        return X.assign(price=X["price_listed"])
