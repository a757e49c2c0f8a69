from sklearn.inspection import permutation_importance

importance = permutation_importance(model, X_test, y_test, random_state=0).importances_mean
order = importance.argsort()[::-1]
print(X_test.columns[order[:10]])
