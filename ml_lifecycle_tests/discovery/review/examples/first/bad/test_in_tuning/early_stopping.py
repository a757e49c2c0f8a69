import lightgbm as lgb
from sklearn.model_selection import train_test_split

X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=0)
model = lgb.LGBMClassifier(n_estimators=2000, random_state=0)
model.fit(X_train, y_train, eval_set=[(X_test, y_test)], callbacks=[lgb.early_stopping(50)])
print("roc auc", roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]))
