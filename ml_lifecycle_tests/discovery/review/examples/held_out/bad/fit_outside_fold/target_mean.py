from sklearn.model_selection import KFold

frame["city_rate"] = frame.groupby("city")["bought"].transform("mean")
for fit_rows, valid_rows in KFold(5).split(frame):
    run(frame.iloc[fit_rows], frame.iloc[valid_rows])
