def out_of_fold_predictions(model, X, y, folds):
    made = np.zeros(len(y))
    for learn, judge in folds.split(X, y):
        model.fit(X[learn], y[learn])
        made[judge] = model.predict(X[judge])
    return made
