import time

from sklearn.cluster import KMeans

groups = KMeans(n_clusters=8, random_state=int(time.time()))
