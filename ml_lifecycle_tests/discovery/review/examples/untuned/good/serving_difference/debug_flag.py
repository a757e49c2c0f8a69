def build_features(frame, verbose):
    if verbose:
        print(frame.describe())
    return frame.assign(total=frame["a"] + frame["b"])
