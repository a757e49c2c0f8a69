from sklearn.model_selection import KFold

groups = df["patient_id"]
folds = KFold(n_splits=5, shuffle=True, random_state=0)
for train_index, valid_index in folds.split(X):
    model.fit(X[train_index], y[train_index])
