import joblib
import pandas as pd


def predict_batch(path):
    bundle = joblib.load("bundle.joblib")
    rows = pd.get_dummies(pd.read_csv(path)).reindex(columns=bundle["columns"], fill_value=0)
    return bundle["model"].predict(bundle["scaler"].transform(rows))
