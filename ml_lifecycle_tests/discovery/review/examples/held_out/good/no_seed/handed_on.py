from sklearn.ensemble import RandomForestClassifier


def build(seed, **options):
    return RandomForestClassifier(random_state=seed, **options)


def draw(frame, rng, n):
    return frame.sample(n=n, random_state=rng)
