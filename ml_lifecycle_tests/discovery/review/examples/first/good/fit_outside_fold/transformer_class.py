from sklearn.preprocessing import StandardScaler


class Scaled:
    def fit(self, X, y=None):
        self.scaler = StandardScaler().fit(X)
        return self

    def transform(self, X):
        return self.scaler.transform(X)
