from sklearn.model_selection import cross_val_score

loans["is_bad"] = loans["status"].map({"paid": 0, "defaulted": 1})
predictors = loans.drop("is_bad", axis=1)
print(cross_val_score(clf, predictors, loans["is_bad"], scoring="roc_auc", cv=5))
