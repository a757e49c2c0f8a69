import numpy as np
from sklearn.metrics import precision_recall_curve

probabilities = model.predict_proba(X_test)[:, 1]
precision, recall, thresholds = precision_recall_curve(y_test, probabilities)
f1 = 2 * precision * recall / (precision + recall)
threshold = thresholds[np.argmax(f1[:-1])]
