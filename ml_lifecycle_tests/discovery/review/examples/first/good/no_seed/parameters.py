from sklearn.ensemble import ExtraTreesClassifier

PARAMETERS = {"n_estimators": 500, "random_state": 3}
model = ExtraTreesClassifier(**PARAMETERS)
