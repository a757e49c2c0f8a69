TARGET = "default"


def train(frame, model):
    features = [name for name in frame.columns if name != TARGET]
    return model.fit(frame[features], frame[TARGET])
