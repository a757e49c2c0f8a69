import optuna
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import cross_val_score


def objective(trial):
    forest = RandomForestRegressor(max_depth=trial.suggest_int("depth", 2, 20), random_state=0)
    return cross_val_score(forest, X_train, y_train, cv=5).mean()


study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(objective, n_trials=20)
final = RandomForestRegressor(**study.best_params, random_state=0).fit(X_train, y_train)
print(final.score(X_test, y_test))
