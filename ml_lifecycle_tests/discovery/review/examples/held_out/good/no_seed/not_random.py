import random

from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

picker = random.Random(3)
chosen = picker.sample(range(100), 10)
folds = KFold(5)
model = LogisticRegression(max_iter=500)
