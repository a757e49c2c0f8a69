class Scorer:
    def __init__(self, model, scaler):
        self.model = model
        self.scaler = scaler

    def predict(self, rows):
        return self.model.predict(self.scaler.fit_transform(rows))
