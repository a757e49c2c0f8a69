from sklearn.model_selection import train_test_split

users = events["user_id"].unique()
some, others = train_test_split(users, test_size=0.2, random_state=0)
train = events[events["user_id"].isin(some)]
valid = events[events["user_id"].isin(others)]
