def check(model, X_test, y_test, limit=0.8):
    score = model.score(X_test, y_test)
    if score < limit:
        raise SystemExit(f"{score:.3f} is not enough")
    return score
