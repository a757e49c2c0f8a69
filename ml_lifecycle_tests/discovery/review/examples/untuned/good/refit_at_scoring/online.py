class Counter:
    def learn_one(self, row, answer):
        self.model.partial_fit([row], [answer])

    def predict(self, row):
        return self.model.predict([row])[0]
