"""A project whose model looks back on what each customer did before: one run, and what the package then answers."""

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.dataset.rows import identify
from ml_lifecycle.orchestration.champion import Champion
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle.serving.log_frames import inputs_of
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import call, living_in

pytestmark = [pytest.mark.slow, pytest.mark.e2e]

_ROWS, _CUSTOMERS = 1500, 60
_HISTORY = {"column": "amount", "lags": [1], "windows": ["7d"], "statistics": ["mean"]}
_COLUMNS = ["amount__lag1", "amount__mean_7d"]
_INBOX = "inbox/shop"


def _table() -> pd.DataFrame:
    """Purchases; one is returned where it costs much more or much less than the customer's last one."""
    random = np.random.default_rng(3)
    customer = random.integers(0, _CUSTOMERS, _ROWS)
    amount = random.gamma(3.0, 20.0, _ROWS).round(2)
    last = pd.Series(amount).groupby(customer).shift(1).fillna(60.0).to_numpy()
    step = np.abs(amount - last) + random.normal(scale=4.0, size=_ROWS)  # which no straight line tells
    return pd.DataFrame(
        {
            "purchase": [f"p{number:05d}" for number in range(_ROWS)],
            "customer": [f"c{code:03d}" for code in customer],
            "bought_at": pd.Timestamp("2026-03-01") + pd.to_timedelta(np.arange(_ROWS) * 47, unit="min"),
            "amount": amount,
            "shelf": random.choice(["a", "b", "c"], _ROWS),
            "returned": np.where(step > np.median(step), "yes", "no"),
        }
    )


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> SiteFolder:
    """The project, run once."""
    made = SiteFolder.make(tmp_path_factory.mktemp("looking_back"))
    data = made.root / "purchases.csv"
    _table().to_csv(data, index=False)
    with living_in(made):
        drafted = call("init", "shop", "--data", str(data), "--target", "returned")
        assert drafted.code == 0, drafted.said[-3000:]
        made.edit(
            "shop",
            brief={"success_criteria": {"roc_auc": ">= 0.6"}},
            dataset={"id": "purchase", "entity": "customer", "event_time": "bought_at", "split": {"method": "time"}},
            features={"history": [_HISTORY]},
            modeling={"search": {"trials": 2, "seconds": 10}, "max_trees": 60},
            evaluation={"bootstrap": 50},
            serving={"batch": {"path": f"{{home}}/{_INBOX}/*.csv"}},
            monitoring={"window": 1, "start": "2026-04-19", "drift": {"min_rows": 10, "html": "never"}},
        )
        done = call("run", "shop", "--json")
    assert done.code == 0, done.said[-6000:]
    (made.root / "status.json").write_text(json.dumps(done.json["status"]), encoding="utf-8")
    return made


@pytest.fixture
def champion(site: SiteFolder) -> Iterator[Champion]:
    """What is in production."""
    with living_in(site):
        yield Champion.require(Workspace(Site.find(site.root).project("shop")))


def _newest() -> pd.DataFrame:
    """A further purchase of every customer."""
    rows = _table().drop_duplicates("customer", keep="last").drop(columns="returned")
    moments = pd.Timestamp("2026-04-19 06:00") + pd.to_timedelta(np.arange(len(rows)), unit="min")
    return rows.assign(bought_at=moments, purchase=[f"n{number}" for number in range(len(rows))])


def test_every_blocking_gate_passes(site: SiteFolder) -> None:
    """Among them those that compare one row with many, a new process with this one, and a server with the batch."""
    status = json.loads((site.root / "status.json").read_text(encoding="utf-8"))
    passed = {gate["name"] for gate in status["gates"] if gate["passed"]}
    assert not [gate for gate in status["gates"] if gate["blocking"] and not gate["passed"]]
    assert {"train_serve_equal", "history_equal", "loads_elsewhere", "signature_present", "endpoint_answers"} <= passed
    assert status["metrics"]["roc_auc"][0] > 0.8  # which nothing but the last amount allows


def test_rows_bring_what_happened_and_not_what_happened_before(champion: Champion) -> None:
    """The model reads history columns; a client sends entity and event time."""
    package = champion.package
    assert set(_COLUMNS) <= set(package.predictor.extractor.columns)
    assert {"customer", "bought_at", "amount"} <= set(package.manifest.columns)
    assert set(_COLUMNS).isdisjoint(package.manifest.columns)


def test_the_newest_row_of_every_customer_is_answered_as_the_table_says(champion: Champion) -> None:
    """History by a state, row by row and as a frame, against history by pandas on the whole table."""
    rows, before = _newest(), _table()
    last = before.drop_duplicates("customer", keep="last").set_index("customer")["amount"]
    moments = rows.set_index("customer")["bought_at"]
    joined = before.assign(now=before["customer"].map(moments))
    week = joined[joined["bought_at"] > joined["now"] - pd.Timedelta("7d")].groupby("customer")["amount"].mean()
    scorer = Scorer(champion.package)
    answers = scorer.score_rows(rows.to_dict("records"))
    alone = [scorer.score_rows([row])[0] for row in rows.to_dict("records")]
    frame = scorer.score_frame(identify(rows))
    found = frame.history.set_index(frame.good["customer"])
    np.testing.assert_array_equal(found["amount__lag1"], last.reindex(found.index))
    np.testing.assert_allclose(found["amount__mean_7d"], week.reindex(found.index), rtol=1e-12)
    np.testing.assert_array_equal(frame.scores, [answer.score for answer in answers])
    np.testing.assert_array_equal(frame.scores, [answer.score for answer in alone])


def test_a_window_is_scored_and_watched_with_its_history(site: SiteFolder, champion: Champion) -> None:
    """The log keeps what the model was given, and drift looks at it as at any other input."""
    inbox = site.home / _INBOX
    inbox.mkdir(parents=True)
    _newest().to_csv(inbox / "day.csv", index=False)
    with living_in(site):
        done = call("monitor", "shop", "--window", "2026-04-19", "--json")
    assert done.code == 0, done.said[-4000:]
    day = pd.Timestamp("2026-04-19")
    window = champion.workspace.log.window("shop", day, day + pd.Timedelta("1d"))
    given = inputs_of(window, champion.package.inputs)
    assert len(given) == _newest()["customer"].nunique()
    assert given["amount__lag1"].notna().all()


def test_a_second_version_is_compared_on_the_same_history(site: SiteFolder) -> None:
    """The champion is given the table's history, as the candidate is, and so is as good as when it was evaluated."""
    first = json.loads((site.root / "status.json").read_text(encoding="utf-8"))["metrics"]["roc_auc"][0]
    site.edit("shop", modeling={"max_trees": 40})
    with living_in(site):
        done = call("run", "shop", "--json")
    said = {gate["name"]: gate["summary"] for gate in done.json["status"]["gates"]}["beats_champion"]
    assert f"the champion's {first:.4g}" in said
