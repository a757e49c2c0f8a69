import pandas as pd
from ml_lifecycle.features.derived.functions import reads


@reads("signed_up")
def tenure(frame):
    return (pd.Timestamp.now() - frame["signed_up"]).dt.days.rename("tenure")
