"""/explain: contributions that add up to what the model predicts."""

import math

import pytest

from ml_lifecycle_tests.serving.conftest import BAD, GOOD, Running


def test_contributions_add_up_to_the_prediction(running: Running) -> None:
    """In log odds, the unit that is said; one for every feature; and nothing of it is logged."""
    before = len(running.logged())
    said = running.client.post("/explain", json=GOOD).json()
    total = said["base"] + sum(said["contributions"].values())
    assert said["unit"] == "log odds"
    assert said["contributions"].keys() == {"income", "age", "city"}
    assert 1 / (1 + math.exp(-total)) == pytest.approx(said["probability"], abs=1e-9)
    assert len(running.logged()) == before


def test_a_bad_row_has_its_errors_in_its_place(running: Running) -> None:
    """And a request of bad rows only is refused."""
    said = running.client.post("/explain", json=[GOOD, BAD]).json()["explanations"]
    assert "contributions" in said[0]
    assert said[1]["errors"][0]["column"] == "city"
    assert running.client.post("/explain", json=BAD).status_code == 422
