def choose_arm(ab_test, results):
    best = None
    for arm in ab_test.arms:
        score = results[arm]
        if best is None or score > results[best]:
            best = arm
    return best
