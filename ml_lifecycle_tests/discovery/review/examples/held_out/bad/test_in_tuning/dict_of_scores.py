from sklearn.metrics import mean_absolute_error
from sklearn.neighbors import KNeighborsRegressor

errors = {}
for k in range(1, 30):
    knn = KNeighborsRegressor(n_neighbors=k).fit(data["train"][cols], data["train"].price)
    errors[k] = mean_absolute_error(data["test"].price, knn.predict(data["test"][cols]))
k_best = min(errors, key=errors.get)
