def score_candidates(candidates, X_train, y_train, X_val, y_val):
    scores = {}
    for name, model in candidates.items():
        scores[name] = model.fit(X_train, y_train).score(X_val, y_val)
    return scores
