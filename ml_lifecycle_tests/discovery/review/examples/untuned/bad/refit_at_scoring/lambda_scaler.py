from flask import Flask, request
from sklearn.preprocessing import MinMaxScaler

app = Flask(__name__)


@app.route("/rate", methods=["POST"])
def rate():
    values = request.json["values"]
    return {"rate": float(model.predict(MinMaxScaler().fit_transform(values))[0])}
