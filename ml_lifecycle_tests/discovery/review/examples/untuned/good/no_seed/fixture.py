from numpy.random import default_rng

rng = default_rng(12)
values = rng.choice([1, 2, 3], size=10)
names = frame.sample(frac=1, random_state=12)
