from ml_lifecycle.features.derived.functions import reads as takes


@takes("income")
def relative(frame):
    return (frame["income"] / frame["income"].mean()).rename("relative_income")
