"""Tables without leaks, with strong honest signals: made ones from several trades, and those scikit-learn brings.

What is planted into them is in `planted_leaks`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.sample import generate


@dataclass(frozen=True)
class CleanTable:
    """A table in which nothing is to be found.

    Args:
        name: What it is called.
        frame: The rows.
        target: What is predicted.
        task: classification or regression.
        roles: Further keys of the section dataset.
    """

    name: str
    frame: pd.DataFrame
    target: str
    task: str
    roles: dict[str, Any] = field(default_factory=dict)

    def project(self, **dataset: Any) -> ProjectConfig:
        """A project on it."""
        brief: Any = {"problem": "a test", "task": self.task, "target": self.target}
        rows: Any = {"sources": [{"path": "x"}], **self.roles, **dataset}
        return ProjectConfig(name="p", folder=Path("p"), root=Path("p"), brief=brief, dataset=rows)

    @property
    def features(self) -> list[str]:
        """Columns that a model would see."""
        hidden = self.project().non_features
        return [name for name in self.frame.columns if name not in hidden]


def _odds(score: np.ndarray, random: np.random.Generator, yes: str = "yes", no: str = "no") -> np.ndarray:
    return np.where(random.random(len(score)) < 1 / (1 + np.exp(-score)), yes, no).astype(object)


def churn(rows: int, random: np.random.Generator) -> CleanTable:
    """Customers of a telephone company: contract and tenure say much."""
    tenure = random.gamma(1.5, 18, rows).round()
    contract = random.choice(["monthly", "year", "two years"], rows, p=[0.55, 0.25, 0.2])
    charge = random.normal(65, 25, rows).clip(18).round(2)
    calls = random.poisson(1.2 + 1.5 * (contract == "monthly"))
    score = 1.5 * (contract == "monthly") - 0.06 * tenure + 0.03 * (charge - 65) + 0.7 * calls - 1.5
    frame = pd.DataFrame(
        {
            "customer_id": [
                f"{a}-{b}" for a, b in zip(random.permutation(rows) + 1000, random.integers(10, 99, rows), strict=True)
            ],
            "tenure": tenure,
            "contract": contract,
            "monthly_charges": charge,
            "total_charges": (charge * tenure * random.normal(1, 0.05, rows)).round(2),
            "support_calls": calls,
            "payment": random.choice(["card", "transfer", "check"], rows),
            "paperless": random.random(rows) < 0.6,
            "last_rating": np.where(random.random(rows) < 0.4, np.nan, random.integers(1, 6, rows)),
            "churned": _odds(score, random),
        }
    )
    return CleanTable("churn", frame, "churned", "classification", {"id": "customer_id"})


def fraud(rows: int, random: np.random.Generator) -> CleanTable:
    """Payments, three in a hundred fraudulent; some features are zero nearly always."""
    amount = np.exp(random.normal(3.5, 1.2, rows)).round(2)
    foreign = random.random(rows) < 0.1
    velocity = random.poisson(0.4 + 2.5 * (random.random(rows) < 0.05))
    kind = random.choice(["online", "shop", "cash"], rows, p=[0.5, 0.4, 0.1])
    score = -6 + 0.6 * np.log(amount) + 2 * foreign + 1.1 * velocity - 1.2 * (kind == "shop")
    frame = pd.DataFrame(
        {
            "transaction_id": random.permutation(rows) + 5_000_000,
            "at": pd.Timestamp("2024-03-01")
            + pd.to_timedelta(np.sort(random.integers(0, 90 * 86_400, rows)), unit="s"),
            "amount": amount,
            "foreign": foreign.astype(int),
            "payments_last_hour": velocity,
            "kind": kind,
            "merchant": [f"m{code}" for code in random.zipf(1.5, rows).clip(max=900)],
            "previous_chargebacks": random.poisson(0.02, rows),
            "account_age_days": random.gamma(2, 300, rows).round(),
            "is_fraud": (_odds(score, random) == "yes").astype(int),
        }
    )
    return CleanTable("fraud", frame, "is_fraud", "classification", {"id": "transaction_id", "event_time": "at"})


def houses(rows: int, random: np.random.Generator) -> CleanTable:
    """Prices of houses: the area alone explains three quarters."""
    area = np.exp(random.normal(4.7, 0.4, rows)).round()
    quality = np.clip(np.round(5 + 0.02 * (area - 110) + random.normal(0, 1.3, rows)), 1, 10)
    age = random.gamma(2, 18, rows).round()
    town = random.choice([f"town {code}" for code in range(25)], rows)
    level = pd.Series(random.normal(0, 0.1, 25), index=[f"town {code}" for code in range(25)])
    price = np.exp(
        7.5 + 0.95 * np.log(area) + 0.06 * quality - 0.002 * age + level[town].to_numpy() + random.normal(0, 0.1, rows)
    )
    frame = pd.DataFrame(
        {
            "area": area,
            "rooms": np.round(area / 25 + random.normal(0, 0.8, rows)).clip(1),
            "quality": quality,
            "age": age,
            "town": town,
            "garden": np.where(random.random(rows) < 0.3, np.nan, random.gamma(2, 150, rows).round()),
            "garage": random.random(rows) < 0.5,
            "tax_value": (price * np.exp(random.normal(0, 0.25, rows))).round(-2),
            "price": price.round(-2),
        }
    )
    return CleanTable("houses", frame, "price", "regression")


def medical(rows: int, random: np.random.Generator) -> CleanTable:
    """Patients: one marker is strong, some values were not measured."""
    age = random.normal(58, 14, rows).round()
    marker = random.normal(0, 1, rows)
    pressure = random.normal(130 + 0.3 * (age - 58), 15, rows).round()
    score = 3.2 * marker + 0.04 * (age - 58) + 0.02 * (pressure - 130) - 1.5
    frame = pd.DataFrame(
        {
            "age": age,
            "sex": random.choice(["f", "m"], rows),
            "marker": np.exp(marker + 2).round(3),
            "pressure": pressure,
            "sugar": np.where(random.random(rows) < 0.25, np.nan, random.normal(100, 20, rows).round()),
            "smoker": random.choice(["never", "former", "current"], rows, p=[0.5, 0.3, 0.2]),
            "bmi": random.normal(27, 4, rows).round(1),
            "ward": random.choice(list("ABCDEFGH"), rows),
            "ill": _odds(score, random, "positive", "negative"),
        }
    )
    return CleanTable("medical", frame, "ill", "classification")


def retail(rows: int, random: np.random.Generator) -> CleanTable:
    """Units sold by shop and day, with what was sold before."""
    shops, days = 20, max(rows // 20, 120)
    day = np.tile(np.arange(days), shops)
    shop = np.repeat(np.arange(shops), days)
    promo = (random.random(shops * days) < 0.2).astype(int)
    level = 40 + 15 * random.normal(size=shops)[shop] + 10 * np.sin(2 * np.pi * day / 7) + 25 * promo
    sold = random.poisson(level.clip(3))
    frame = pd.DataFrame(
        {"date": pd.Timestamp("2023-01-01") + pd.to_timedelta(day, unit="D"), "shop_id": shop, "units": sold}
    )
    by_shop = frame.groupby("shop_id")["units"]
    frame["units_lag_1"], frame["units_lag_7"] = by_shop.shift(1), by_shop.shift(7)
    frame["units_mean_7"] = by_shop.transform(lambda units: units.shift(1).rolling(7).mean())
    frame["promo"], frame["price"] = promo, (9.99 - 2 * promo + random.normal(0, 0.1, len(frame))).round(2)
    frame["weekday"], frame["size"] = frame["date"].dt.dayofweek, 100 + 37 * frame["shop_id"] % 11
    frame = frame.dropna().sort_values(["date", "shop_id"], ignore_index=True)
    return CleanTable("retail", frame, "units", "regression", {"event_time": "date", "entity": "shop_id"})


def sensors(rows: int, random: np.random.Generator) -> CleanTable:
    """A machine's temperature, minute by minute: smooth, so that the minute before says nearly all."""
    load = np.cumsum(random.normal(0, 0.3, rows))
    load -= np.convolve(load, np.ones(200) / 200, mode="same")
    heat = np.zeros(rows)
    for row in range(1, rows):
        heat[row] = 0.97 * heat[row - 1] + 0.1 * load[row] + random.normal(0, 0.05)
    frame = pd.DataFrame(
        {
            "at": pd.Timestamp("2024-05-01") + pd.to_timedelta(np.arange(rows), unit="min"),
            "load": load.round(4),
            "heat_before": np.roll(heat, 1).round(4),
            "heat_mean_10": pd.Series(heat).shift(1).rolling(10).mean().round(4),
            "vibration": (0.5 * load + random.normal(0, 0.4, rows)).round(4),
            "pressure": random.normal(3, 0.1, rows).round(4),
            "coolant": (20 + 0.2 * np.roll(heat, 30) + random.normal(0, 0.3, rows)).round(3),
            "heat": heat.round(4),
        }
    ).iloc[10:]
    return CleanTable("sensors", frame.reset_index(drop=True), "heat", "regression", {"event_time": "at"})


def segments(rows: int, random: np.random.Generator) -> CleanTable:
    """Four kinds of customers in clusters: features follow from the class, as in many made tables."""
    kind = random.choice(4, rows, p=[0.4, 0.3, 0.2, 0.1])
    centres = random.normal(0, 1.2, (4, 6))
    values = centres[kind] + random.normal(size=(rows, 6))
    frame = pd.DataFrame(values.round(3), columns=[f"f{code}" for code in range(6)])
    frame["device"] = np.where(random.random(rows) < 0.5 + 0.1 * (kind == 1), "phone", "desk")
    frame["country"] = random.choice(["de", "fr", "it", "es"], rows)
    frame["segment"] = np.array(["gold", "silver", "bronze", "new"], dtype=object)[kind]
    return CleanTable("segments", frame, "segment", "classification")


def insurance(rows: int, random: np.random.Generator) -> CleanTable:
    """Costs of the insured: whether they smoke splits them in two."""
    smoker = random.random(rows) < 0.2
    age, bmi = random.integers(18, 65, rows), random.normal(30, 6, rows).round(1)
    costs = 250 * age + smoker * (20_000 + 1_400 * (bmi - 30)) + random.gamma(1, 2_500, rows)
    frame = pd.DataFrame(
        {
            "age": age,
            "sex": random.choice(["f", "m"], rows),
            "bmi": bmi,
            "children": random.poisson(1.1, rows),
            "smoker": np.where(smoker, "yes", "no").astype(object),
            "region": random.choice(["north", "south", "east", "west"], rows),
            "charges": costs.clip(100).round(2),
        }
    )
    return CleanTable("insurance", frame, "charges", "regression")


def one_signal(rows: int, random: np.random.Generator) -> CleanTable:
    """One strong honest number (AUC about 0.95) among columns that say little or nothing."""
    strong, weak = random.normal(size=rows), random.normal(size=rows)
    frame = pd.DataFrame({f"n{code}": random.normal(size=rows).round(4) for code in range(6)})
    frame["score"], frame["extra"] = strong.round(4), weak.round(4)
    frame["kind"] = random.choice(["a", "b", "c"], rows)
    frame["y"] = (_odds(5 * strong + 0.8 * weak, random) == "yes").astype(int)
    return CleanTable("one signal", frame, "y", "classification")


def linear(rows: int, random: np.random.Generator) -> CleanTable:
    """An amount that one column explains to nine tenths, and others a little."""
    values = random.normal(size=(rows, 6))
    frame = pd.DataFrame(values.round(4), columns=["main", "second", "third", "n1", "n2", "n3"])
    amount = 10 * values[:, 0] + 2.5 * values[:, 1] + values[:, 2] + random.normal(0, 1.5, rows)
    frame["amount"] = amount.round(3)
    return CleanTable("linear", frame, "amount", "regression")


def orders(rows: int, random: np.random.Generator) -> CleanTable:
    """Orders of a shop: what they look like resembles leaks of several kinds, and is honest.

    Prices written as text, what the customer spent on average before, an asking price that half of the sales keep to,
    a due date in words, an honest guess of the amount, names of products.
    """
    customer = random.integers(0, rows // 6, rows)
    level = np.exp(random.normal(3.5, 0.5, rows // 6))[customer]
    asked = (level * np.exp(random.normal(0, 0.5, rows))).round(2)
    paid = pd.Series(np.where(random.random(rows) < 0.5, asked, asked * random.uniform(0.5, 1.3, rows)).round(2))
    at = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.sort(random.integers(0, 300 * 86_400, rows)), unit="s")
    by_customer = paid.groupby(customer)
    things = ["Chair", "Table", "Lamp", "Shelf", "Mirror"]
    colours = ["Red", "Blue", "Green", "White"]
    frame = pd.DataFrame(
        {
            "at": at,
            "customer": [f"c{code}" for code in customer],
            "asked": asked,
            "catalogue": [f"EUR {value:,.2f}" for value in asked * random.uniform(0.8, 1.5, rows)],
            "mean_before": by_customer.transform(lambda values: values.shift(1).expanding().mean()).round(4),
            "spent_before": (by_customer.cumsum() - paid).round(2),
            "orders_before": by_customer.cumcount(),
            "bought": (at - pd.to_timedelta(random.integers(1, 90, rows), unit="D")).strftime("%b %d, %Y"),
            "thing": [f"{random.choice(colours)} {random.choice(things)}" for _ in range(rows)],
            "express": random.random(rows) < 0.2,
            "gift": random.random(rows) < 0.1,
            "paid": paid,
        }
    )
    return CleanTable("orders", frame, "paid", "regression", {"event_time": "at"})


def switches(rows: int, random: np.random.Generator) -> CleanTable:
    """Flags and codes whose pairs say much together, and never all."""
    one, two = random.random(rows) < 0.5, random.random(rows) < 0.5
    zone, depot = random.integers(0, 6, rows), random.integers(0, 6, rows)
    score = 3.0 * (one ^ two) - 1.5 + 1.5 * (zone == depot) + random.normal(0, 0.3, rows)
    y = _odds(score, random)
    repeat = random.random(rows) < 0.4
    frame = pd.DataFrame(
        {
            "one": one,
            "two": two,
            "zone": zone,
            "depot": [f"d{code}" for code in depot],
            "last_time": np.where(repeat, np.where(random.random(rows) < 0.8, y, "no"), None),
            "load": random.gamma(2, 10, rows).round(4),
            "y": y,
        }
    )
    return CleanTable("switches", frame, "y", "classification")


def loans(rows: int, random: np.random.Generator) -> CleanTable:  # noqa: ARG001 - the sample is what it is
    """The shipped sample, all of its year."""
    frame = generate(date(2025, 1, 1), date(2025, 9, 30))
    frame["salary"] = pd.to_numeric(frame["salary"], errors="coerce")
    roles = {"id": "application_id", "event_time": "applied_at", "outcome_time": "outcome_at", "entity": "customer_id"}
    return CleanTable("loans", frame, "defaulted", "classification", roles)


def _bundled(name: str, task: str) -> Callable[[int, np.random.Generator], CleanTable]:
    def load(rows: int, random: np.random.Generator) -> CleanTable:  # noqa: ARG001 - they are what they are
        from sklearn import datasets

        bunch = getattr(datasets, f"load_{name}")(as_frame=True)
        frame = bunch.frame.sample(frac=1, random_state=0, ignore_index=True)
        return CleanTable(name, frame, "target", task)

    return load


MADE = (
    churn,
    fraud,
    houses,
    medical,
    retail,
    sensors,
    segments,
    insurance,
    one_signal,
    linear,
    orders,
    switches,
    loans,
)
BUNDLED = (
    _bundled("iris", "classification"),
    _bundled("wine", "classification"),
    _bundled("breast_cancer", "classification"),
    _bundled("diabetes", "regression"),
    _bundled("digits", "classification"),
)


def clean_tables(rows: int, seed: int) -> list[CleanTable]:
    """All made tables of about so many rows."""
    return [make(rows, np.random.default_rng(seed)) for make in MADE]
