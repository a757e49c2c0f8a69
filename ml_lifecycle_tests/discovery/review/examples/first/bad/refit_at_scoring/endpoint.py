from fastapi import FastAPI
from sklearn.preprocessing import LabelEncoder

app = FastAPI()


@app.post("/score")
def answer(rows: list[dict]):
    frame = pd.DataFrame(rows)
    frame["city"] = LabelEncoder().fit_transform(frame["city"])
    return {"scores": model.predict_proba(frame)[:, 1].tolist()}
