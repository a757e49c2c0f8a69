from sklearn.preprocessing import StandardScaler

values = StandardScaler().fit_transform(series.values.reshape(-1, 1))
cut = int(len(values) * 0.8)
train, test = values[:cut], values[cut:]
