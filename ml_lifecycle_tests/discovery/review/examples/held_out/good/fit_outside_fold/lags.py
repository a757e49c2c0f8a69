from sklearn.model_selection import TimeSeriesSplit

sales["last_week"] = sales["units"].shift(7)
sales["usual"] = sales["units"].shift(1).rolling(28).mean()
for past, future in TimeSeriesSplit(4).split(sales):
    run(sales.iloc[past], sales.iloc[future])
