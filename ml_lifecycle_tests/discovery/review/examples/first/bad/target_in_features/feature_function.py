from ml_lifecycle.features.derived.functions import reads


@reads("income", "churned")
def risk(frame):
    return (frame["income"] * frame["churned"]).rename("risk")
