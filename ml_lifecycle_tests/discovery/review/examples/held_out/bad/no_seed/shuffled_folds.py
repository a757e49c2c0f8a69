from sklearn import model_selection

splitter = model_selection.StratifiedKFold(n_splits=10, shuffle=True)
