import requests


def add_rate(frame):
    rate = requests.get("https://rates.example.com/today", timeout=5).json()["usd"]
    return frame.assign(amount_usd=frame["amount"] * rate)
