scores = {}
for name, model in models.items():
    scores[name] = model.fit(X_tr, y_tr).score(X_val, y_val)
winner = max(scores, key=scores.get)
test_score = models[winner].score(X_test, y_test)
if test_score > 0.9:
    note = "good"
