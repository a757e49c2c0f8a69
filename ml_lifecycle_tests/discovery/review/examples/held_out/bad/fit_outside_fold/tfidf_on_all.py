from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold

texts = [row["text"] for row in rows]
bags = TfidfVectorizer(min_df=3).fit(texts).transform(texts)
for a, b in StratifiedKFold(n_splits=4).split(bags, answers):
    learner.fit(bags[a], answers[a])
