from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score
from sklearn.svm import SVC

X, y = load_digits(return_X_y=True)
clf = SVC().fit(X[:1000], y[:1000])
print(accuracy_score(y[1000:], clf.predict(X[1000:])))
