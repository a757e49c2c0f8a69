"""Who answers which caller: the laws of a share that sticks."""

import subprocess
import sys
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_lifecycle.errors import StateError
from ml_lifecycle.serving.routing import CANARY, CHAMPION, Router, Served

OLD, NEW = Served("1", cast("Any", None)), Served("2", cast("Any", None))
SALT = ("loans", "3")
shares = st.floats(0, 1)


@given(key=st.text(), share=shares)
def test_a_caller_always_meets_the_same_version(key: str, share: float) -> None:
    """Also in another worker, which has a router of its own."""
    routers = [Router(OLD, NEW, share=share, salt=SALT) for _ in range(2)]
    first, again, elsewhere = routers[0].pick(key), routers[0].pick(key), routers[1].pick(key)
    assert first == again == elsewhere


@given(key=st.text(), share=shares, more=shares)
def test_a_growing_share_keeps_whom_it_has(key: str, share: float, more: float) -> None:
    """Nobody goes back to the champion in a later step."""
    small, large = (Router(OLD, NEW, share=part, salt=SALT).pick(key).role for part in sorted((share, more)))
    assert (small, large) != (CANARY, CHAMPION)


@pytest.mark.parametrize("share", [0.05, 0.25, 0.5])
def test_the_share_is_kept_on_average(share: float) -> None:
    """Within four standard errors of 20,000 callers with neighbouring names."""
    router = Router(OLD, NEW, share=share, salt=SALT)
    got = np.mean([router.pick(f"customer-{number}").role == CANARY for number in range(20_000)])
    assert abs(got - share) < 4 * np.sqrt(share * (1 - share) / 20_000)


def test_the_next_rollout_draws_other_callers() -> None:
    """The same callers are not the ones to suffer each time."""
    roles = [
        [Router(OLD, NEW, share=0.5, salt=("loans", rollout)).pick(str(number)).role for number in range(200)]
        for rollout in ("3", "4")
    ]
    assert roles[0] != roles[1]


def test_another_process_says_the_same() -> None:
    """Python's own hash of a text differs between processes; this one does not."""
    said = "from ml_lifecycle.serving.routing import place_of; print(place_of(b'loans', 'anna'))"
    runs = {
        subprocess.run([sys.executable, "-c", said], capture_output=True, check=True, text=True).stdout
        for _ in range(2)
    }
    assert runs == {"0.6151155360949476\n"}


@pytest.mark.parametrize(
    ("router", "roles"),
    [
        (Router(OLD), {CHAMPION}),
        (Router(OLD, NEW, share=0.0), {CHAMPION}),
        (Router(OLD, NEW, share=1.0), {CANARY}),
        (Router(OLD, shadow=NEW), {CHAMPION}),
        (Router(OLD, NEW, share=0.5), {CHAMPION, CANARY}),
    ],
)
def test_who_can_answer_somebody_unknown(router: Router, roles: set[str]) -> None:
    """One without a key is drawn anew each time; a shadow answers nobody."""
    assert {router.pick(None).role for _ in range(100)} == roles


def test_without_a_champion_nobody_answers() -> None:
    """That is an error of the state, told in words."""
    with pytest.raises(StateError, match="no version is in production"):
        Router().pick("anna")
