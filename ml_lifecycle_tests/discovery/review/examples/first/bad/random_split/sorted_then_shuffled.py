import pandas as pd
from sklearn.model_selection import train_test_split

df = pd.read_csv("prices.csv", parse_dates=["date"]).sort_values("date")
df["lag_1"] = df["price"].shift(1)
train, test = train_test_split(df, test_size=0.2, random_state=0)
