import numpy as np
from ml_lifecycle.features.derived.functions import reads


@reads("income", "debt", "applied_at", "born_at")
def ratios(frame):
    age = (frame["applied_at"] - frame["born_at"]).dt.days / 365.25
    made = frame[["income", "debt"]].max(axis=1)
    return frame.assign(age=age, larger=made, gap=np.log1p(frame["income"]) - np.log1p(frame["debt"]))[["age", "larger"]]
