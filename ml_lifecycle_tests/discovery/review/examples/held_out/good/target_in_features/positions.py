import numpy as np

table = np.loadtxt("table.csv", delimiter=",")
X, y = table[:, :-1], table[:, -1]
model.fit(X, y)
