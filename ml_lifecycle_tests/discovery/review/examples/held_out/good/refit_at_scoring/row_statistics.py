from sklearn.base import BaseEstimator, TransformerMixin


class RowSums(BaseEstimator, TransformerMixin):
    def fit(self, X, y=None):
        self.largest_ = X.max()
        return self

    def transform(self, X):
        return X.assign(row_mean=X.mean(axis=1)) / self.largest_.max()
