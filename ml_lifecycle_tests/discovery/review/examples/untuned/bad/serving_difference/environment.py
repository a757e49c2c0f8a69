import os

from ml_lifecycle.features.derived.functions import reads


@reads("amount")
def scaled(frame):
    if os.environ.get("STAGE") == "production":
        return (frame["amount"] / 100).rename("scaled")
    return frame["amount"].rename("scaled")
