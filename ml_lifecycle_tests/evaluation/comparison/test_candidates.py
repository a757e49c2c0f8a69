"""Several candidates are compared with one reference, and chance is counted over all of them."""

import json

import numpy as np
import pytest

from ml_lifecycle.config.evaluation import EvaluationConfig
from ml_lifecycle.evaluation.comparison.candidates import CandidateTable, compare_many
from ml_lifecycle.evaluation.comparison.footprint import Footprint
from ml_lifecycle.evaluation.metrics import METRICS
from ml_lifecycle.parts import Storable
from ml_lifecycle_tests.evaluation.problems import binary, queries

CONFIG = EvaluationConfig(bootstrap=100)
LOG_LOSS = METRICS["log_loss"]


def _noisy(p: np.ndarray, strength: float, seed: int) -> np.ndarray:
    return np.clip(p + np.random.default_rng(seed).normal(0, strength, len(p)), 0.01, 0.99)


def _table() -> CandidateTable:
    data = binary(400)
    candidates = {"good": data.p, "same": _noisy(data.p, 0.3, 1), "bad": _noisy(data.p, 0.6, 2)}
    return compare_many(
        data.y,
        _noisy(data.p, 0.3, 3),
        candidates,
        metric=LOG_LOSS,
        config=CONFIG,
        reference="now",
        footprints={"good": Footprint(1.0, 2.0, 300)},
    )


def test_the_better_one_is_found_and_ranked_first() -> None:
    """Only what is surely better is called so; the reference stands among them without a difference."""
    found = _table()
    assert found.table["name"].tolist()[0] == "good"
    assert found.table["rank"].tolist() == [1, 2, 3, 4]
    assert found.table.set_index("name")["better"].to_dict() == {
        "good": True,
        "now": False,
        "same": False,
        "bad": False,
    }
    assert np.isnan(found.of("now")["p_value"])
    assert found.of("good")["size_bytes"] == 300


def test_p_values_are_corrected() -> None:
    """Each corrected p-value is at least the plain one."""
    tested = _table().table.dropna(subset="p_value")
    assert (tested["p_corrected"] >= tested["p_value"]).all()
    assert (tested["p_corrected"] > tested["p_value"]).any()


def test_chance_is_counted_over_all_candidates() -> None:
    """Of 60 families of five equal candidates few have one that is called better; without correction many do."""
    calls = {"holm": 0, "none": 0}
    for seed in range(60):
        data = binary(100, seed=seed)
        drawn = {str(number): _noisy(data.p, 0.2, 1_000 * seed + number) for number in range(6)}
        reference = drawn.pop("0")
        for correction in calls:
            config = EvaluationConfig.model_validate({"bootstrap": 100, "comparison": {"correction": correction}})
            found = compare_many(data.y, reference, drawn, metric=LOG_LOSS, config=config)
            calls[correction] += found.table["better"].any()
    assert calls["holm"] <= 7
    assert calls["none"] > calls["holm"]


def test_ranking_takes_groups_as_queries() -> None:
    """For ranking the groups are the queries."""
    grades, scores, query = queries()
    found = compare_many(grades, scores, {"true": grades}, metric=METRICS["ndcg@5"], config=CONFIG, groups=query)
    assert found.of("true")["better"]


def test_it_can_be_stored_and_shown() -> None:
    """It comes back from its parts, is plain JSON, and has a table for the UI."""
    found = _table()
    assert isinstance(found, Storable)
    again = CandidateTable.from_parts(found.to_parts())
    assert again.to_dict() == found.to_dict()
    json.dumps(found.to_dict(), allow_nan=False)
    assert "| rank | name | value |" in found.markdown()


def test_without_candidates_there_is_the_reference() -> None:
    """A table of one row."""
    data = binary(50)
    found = compare_many(data.y, data.p, {}, metric=LOG_LOSS, config=CONFIG)
    assert found.table["name"].tolist() == ["reference"]
    assert found.of("reference")["value"] == pytest.approx(LOG_LOSS(data.y, data.p))
