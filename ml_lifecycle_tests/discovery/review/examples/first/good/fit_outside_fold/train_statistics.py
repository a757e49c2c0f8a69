import pandas as pd
from sklearn.model_selection import train_test_split

df = pd.read_csv("customers.csv")
train, test = train_test_split(df, test_size=0.2, random_state=3)
mean, std = train["income"].mean(), train["income"].std()
train["income"] = (train["income"] - mean) / std
test["income"] = (test["income"] - mean) / std
