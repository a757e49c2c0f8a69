seen = {}


def build_features(frame):
    for customer in frame["customer"]:
        seen[customer] = seen.get(customer, 0) + 1
    return frame.assign(orders=frame["customer"].map(seen))
