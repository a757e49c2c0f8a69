class Scorer:
    def __init__(self, model, scaler):
        self.model = model
        self.scaler = scaler

    def fit(self, rows, labels):
        self.model.fit(self.scaler.fit_transform(rows), labels)
        return self

    def predict(self, rows):
        return self.model.predict(self.scaler.transform(rows))
