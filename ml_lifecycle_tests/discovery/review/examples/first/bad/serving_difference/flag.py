def make_features(frame, is_training):
    frame = frame.copy()
    if is_training:
        frame["age"] = frame["age"].fillna(frame["age_from_form"])
    else:
        frame["age"] = frame["age"].fillna(40)
    return frame
