import pandas as pd
from sklearn.model_selection import train_test_split

df = pd.read_csv("customers.csv")
df["income"] = (df["income"] - df["income"].mean()) / df["income"].std()
train, test = train_test_split(df, test_size=0.2, random_state=3)
