def make_features(frame, encoder, is_training):
    if is_training:
        encoder.fit(frame[["city"]])
    frame["city"] = encoder.transform(frame[["city"]])
    return frame
