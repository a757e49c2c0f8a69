from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV

search = GridSearchCV(Ridge(), {"alpha": [0.1, 1, 10]}, cv=5).fit(X_train, y_train)
best = search.best_estimator_
print(best.score(X_test, y_test))
