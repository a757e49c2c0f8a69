def add_age(frame, now):
    return frame.assign(age=(now - frame["born"]).dt.days)
