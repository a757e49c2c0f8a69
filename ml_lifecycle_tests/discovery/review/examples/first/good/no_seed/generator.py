import numpy as np

rng = np.random.default_rng(0)


def augment(values):
    return values + rng.normal(0, 0.1, size=values.shape)
