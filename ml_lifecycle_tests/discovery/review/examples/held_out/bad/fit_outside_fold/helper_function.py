from sklearn.decomposition import PCA
from sklearn.model_selection import train_test_split


def compress(values):
    reducer = PCA(n_components=10, random_state=0)
    return reducer.fit_transform(values)


def main(values, labels):
    small = compress(values)
    return train_test_split(small, labels, random_state=0)
