import pandas as pd


def predict_batch(model, path):
    rows = pd.read_csv(path)
    rows = pd.get_dummies(rows, columns=["city", "plan"])
    return model.predict(rows)
