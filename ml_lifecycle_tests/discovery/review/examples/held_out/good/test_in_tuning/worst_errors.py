import numpy as np

errors = np.abs(y_test - model.predict(X_test))
worst = np.argsort(errors)[-20:]
print(X_test.iloc[worst], errors.max())
