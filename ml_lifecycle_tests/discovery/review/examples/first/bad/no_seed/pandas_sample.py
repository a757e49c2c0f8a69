import pandas as pd

frame = pd.read_parquet("rows.parquet")
train = frame.sample(frac=0.8)
test = frame.drop(train.index)
