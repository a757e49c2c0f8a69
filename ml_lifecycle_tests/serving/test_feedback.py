"""/feedback: outcomes that join their predictions."""

from typing import Any

import pytest

from ml_lifecycle_tests.serving.conftest import GOOD, Running


def _outcome_of(running: Running, key: str) -> object:
    rows = running.logged()
    return rows.loc[rows["row_key"] == key, "outcome"].iloc[0]


def test_outcomes_join_by_prediction_and_by_row(running: Running) -> None:
    """A single one, and several at once."""
    first = running.client.post("/predict", json={**GOOD, "id": "f1"}).json()["prediction_id"]
    running.client.post("/predict", json={**GOOD, "id": "f2"})
    assert running.client.post("/feedback", json={"prediction_id": first, "outcome": "yes"}).json()["kept"] == 1
    said = running.client.post("/feedback", json={"outcomes": [{"row_key": "f2", "outcome": "no"}]})
    assert said.json() == {"kept": 1, "outcomes": [{"kept": True}]}
    assert (_outcome_of(running, "f1"), _outcome_of(running, "f2")) == ("yes", "no")


@pytest.mark.parametrize(
    ("item", "field", "check"),
    [
        ({"prediction_id": "nobody", "outcome": "yes"}, "prediction_id", "unknown"),
        ({"outcome": "yes"}, "prediction_id", "absent"),
        ({"row_key": "f3"}, "outcome", "absent"),
        ({"row_key": "f3", "outcome": "perhaps"}, "outcome", "not_of_the_target"),
        ({"row_key": "f3", "outcome": "yes", "known_at": "soon"}, "known_at", "time"),
        (3, "", "object"),
    ],
)
def test_what_cannot_be_kept_has_its_error_in_its_place(running: Running, item: Any, field: str, check: str) -> None:
    """The others are kept; where none is, the status is 422."""
    good = {"row_key": "f4", "outcome": "yes", "known_at": "2026-03-01T00:00:00Z"}
    answer = running.client.post("/feedback", json=[item, good])
    assert answer.status_code == 200
    told = answer.json()["outcomes"]
    assert (told[0]["error"]["field"], told[0]["error"]["check"]) == (field, check)
    assert told[1] == {"kept": True}
    assert running.client.post("/feedback", json=[item]).status_code == 422


def test_a_body_without_outcomes_is_refused(running: Running) -> None:
    """Status 400."""
    assert running.client.post("/feedback", json=3).status_code == 400
