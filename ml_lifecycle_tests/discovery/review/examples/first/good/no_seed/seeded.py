from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import KFold, train_test_split

SEED = 42
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=SEED)
model = RandomForestClassifier(n_estimators=300, random_state=SEED)
folds = KFold(n_splits=5)
