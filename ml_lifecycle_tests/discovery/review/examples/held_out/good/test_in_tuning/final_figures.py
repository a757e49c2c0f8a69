from sklearn.metrics import confusion_matrix, roc_auc_score

champion = min(trials, key=lambda trial: trial["validation_loss"])["model"]
figures = {"auc": roc_auc_score(y_test, champion.predict_proba(X_test)[:, 1])}
classes = champion.predict_proba(X_test).argmax(axis=1)
print(figures, confusion_matrix(y_test, classes))
