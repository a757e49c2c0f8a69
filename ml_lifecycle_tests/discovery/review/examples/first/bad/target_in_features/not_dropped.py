import pandas as pd
from sklearn.ensemble import RandomForestClassifier

df = pd.read_csv("customers.csv")
X = df.drop(columns=["customer_id"])
y = df["churned"]
RandomForestClassifier(random_state=0).fit(X, y)
