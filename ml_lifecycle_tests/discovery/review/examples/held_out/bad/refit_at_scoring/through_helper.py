from sklearn.preprocessing import RobustScaler


def clean(rows):
    return RobustScaler().fit_transform(rows)


def score_rows(rows, model):
    return model.predict_proba(clean(rows))[:, 1]
