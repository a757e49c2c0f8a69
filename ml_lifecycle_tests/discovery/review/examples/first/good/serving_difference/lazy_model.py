import joblib

_MODEL = None


def predict(rows):
    global _MODEL
    if _MODEL is None:
        _MODEL = joblib.load("model.joblib")
    return _MODEL.predict(rows)
