from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

for learn, judge in KFold(n_splits=5).split(values):
    scaler = StandardScaler().fit(values[learn])
    model.fit(scaler.transform(values[learn]), answers[learn])
    model.score(scaler.transform(values[judge]), answers[judge])
