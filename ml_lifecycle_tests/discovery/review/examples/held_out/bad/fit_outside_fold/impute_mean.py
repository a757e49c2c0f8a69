import pandas as pd
from sklearn.model_selection import train_test_split as tts

people = pd.read_csv("people.csv")
people = people.fillna(people.median(numeric_only=True))
left, right = tts(people, test_size=0.25, random_state=11)
