import xgboost as xgb

dtrain = xgb.DMatrix(frames["train"][names], label=frames["train"]["y"])
watch = xgb.DMatrix(frames["test"][names], label=frames["test"]["y"])
booster = xgb.train({"eta": 0.1, "seed": 4}, dtrain, 5000, evals=[(watch, "watch")], early_stopping_rounds=40)
