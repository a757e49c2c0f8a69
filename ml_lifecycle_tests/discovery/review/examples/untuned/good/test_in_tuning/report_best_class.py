import numpy as np

answers = np.argmax(network.predict(X_test), axis=-1)
print(classification_report(y_test, answers))
top = confusion_matrix(y_test, answers).max()
