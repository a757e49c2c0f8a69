from catboost import CatBoostClassifier, Pool

held = Pool(parts["holdout"][columns], parts["holdout"]["answer"])
model = CatBoostClassifier(random_seed=1, verbose=False)
model.fit(Pool(parts["train"][columns], parts["train"]["answer"]), eval_set=held)
