from ml_lifecycle.features.derived import functions as ours


@ours.reads("tenure", "is_churned")
def months(frame):
    return (frame["tenure"] / 12 + frame["is_churned"]).rename("years")
