from sklearn.model_selection import GridSearchCV as Search

tuned = Search(estimator, {"C": [0.1, 1, 10]}, scoring="roc_auc")
tuned.fit(Xtest, ytest)
