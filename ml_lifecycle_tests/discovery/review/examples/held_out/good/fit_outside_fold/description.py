import pandas as pd
from sklearn.model_selection import train_test_split

people = pd.read_csv("people.csv")
print(people["income"].mean(), people["income"].std())
average = people["income"].mean()
train, test = train_test_split(people, random_state=0)
