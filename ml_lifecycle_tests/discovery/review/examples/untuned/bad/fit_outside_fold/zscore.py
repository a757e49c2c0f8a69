from scipy.stats import zscore
from sklearn.model_selection import train_test_split

df["amount"] = zscore(df["amount"])
train, test = train_test_split(df, random_state=0)
