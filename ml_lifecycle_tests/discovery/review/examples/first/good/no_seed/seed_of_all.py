import numpy as np
from sklearn.ensemble import RandomForestRegressor

np.random.seed(7)
model = RandomForestRegressor()
noise = np.random.normal(size=10)
