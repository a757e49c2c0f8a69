tickets["late"] = tickets["hours"] > 48
outcome = tickets["late"]
inputs = tickets.drop(columns=["late", "hours"])
model.fit(inputs, outcome)
