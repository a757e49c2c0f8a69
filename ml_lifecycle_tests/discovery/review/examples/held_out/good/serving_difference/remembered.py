_REGIONS = {}


def add_region(frame, lookup):
    for code in frame["code"].unique():
        if code not in _REGIONS:
            _REGIONS[code] = lookup(code)
    return frame.assign(region=frame["code"].map(_REGIONS))
