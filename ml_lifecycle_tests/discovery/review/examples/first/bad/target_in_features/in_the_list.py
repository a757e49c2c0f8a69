TARGET = "default"
FEATURES = ["age", "income", "default", "region"]


def train(frame, model):
    return model.fit(frame[FEATURES], frame[TARGET])
