import pandas as pd
from sklearn.model_selection import train_test_split

df["born"] = pd.to_datetime(df["born"])
df["age"] = (df["measured"] - df["born"]).dt.days
train, test = train_test_split(df, random_state=0)
