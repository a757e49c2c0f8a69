import pandas as pd
from sklearn.tree import DecisionTreeRegressor

houses = pd.read_csv("houses.csv")
target_name = "price"
inputs = houses[["rooms", "area", target_name]]
DecisionTreeRegressor(random_state=0).fit(inputs, houses[target_name])
