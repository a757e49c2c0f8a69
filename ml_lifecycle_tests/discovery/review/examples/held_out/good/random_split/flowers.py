from sklearn.datasets import load_iris
from sklearn.model_selection import StratifiedKFold, train_test_split

X, y = load_iris(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
folds = StratifiedKFold(n_splits=5, shuffle=True, random_state=0)
