import sklearn.model_selection as ms
import sklearn.preprocessing as pp


def prepare(frame):
    values = pp.MinMaxScaler().fit_transform(frame[["income", "age"]])
    return ms.train_test_split(values, frame["churned"], test_size=0.3, random_state=7)
