import pandas as pd

results = {}
for name, model in fitted_models.items():
    results[name] = model.score(X_test, y_test)
    print(name, results[name])
pd.Series(results).to_csv("results.csv")
