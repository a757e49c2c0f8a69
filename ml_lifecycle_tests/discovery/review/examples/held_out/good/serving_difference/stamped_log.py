from datetime import datetime, timezone


def predict(model, rows):
    begun = datetime.now(timezone.utc)
    answers = model.predict(rows)
    store.write({"answered_at": datetime.now(timezone.utc), "took": datetime.now(timezone.utc) - begun})
    return answers
