import pandas as pd
from sklearn.model_selection import ShuffleSplit

load = pd.read_csv("load.csv", index_col="timestamp").sort_index()
load.index = pd.to_datetime(load.index)
load["yesterday"] = load["kw"].shift(24)
folds = ShuffleSplit(n_splits=3, random_state=0)
