import numpy as np

proba = clf.predict_proba(X_test)[:, 1]
cutoffs = np.linspace(0, 1, 101)
gains = [f1_score(y_test, proba > cut) for cut in cutoffs]
cutoff = cutoffs[int(np.argmax(gains))]
