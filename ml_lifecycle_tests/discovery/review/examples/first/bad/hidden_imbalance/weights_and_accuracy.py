from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score

model = LogisticRegression(class_weight="balanced").fit(X_train, y_train)
print(accuracy_score(y_test, model.predict(X_test)))
