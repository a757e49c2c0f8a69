from sklearn.model_selection import GroupKFold

groups = df["patient_id"]
for train_index, valid_index in GroupKFold(n_splits=5).split(X, y, groups):
    model.fit(X[train_index], y[train_index])
