import ml_lifecycle.features.derived.functions as fn


@fn.reads("amount")
def place(rows):
    amount = rows["amount"]
    return amount.rank(pct=True).rename("place")
