"""McNemar's test: exact for few discordant rows, and agreeing with the bootstrap for many."""

import numpy as np
import pytest

from ml_lifecycle.evaluation.inference.mcnemar import EXACT_BELOW, compare_hits
from ml_lifecycle.evaluation.inference.significance import paired_bootstrap
from ml_lifecycle.evaluation.metrics import METRICS


def _pair(only_a: int, only_b: int, both: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of class 1 that a, b or both get right."""
    a = np.r_[np.ones(only_a), np.zeros(only_b), np.ones(both)]
    b = np.r_[np.zeros(only_a), np.ones(only_b), np.ones(both)]
    return np.ones(len(a)), a, b


def test_few_discordant_rows_are_counted_exactly() -> None:
    """Five against none: the mid-p is half of 1/32."""
    assert compare_hits(*_pair(5, 0, 20)).p_value == pytest.approx(1 / 64)


def test_many_discordant_rows_take_the_corrected_normal() -> None:
    """At the border both forms nearly agree."""
    below, above = compare_hits(*_pair(58, 41, 500)), compare_hits(*_pair(59, 41, 500))
    assert EXACT_BELOW == 100
    assert above.p_value == pytest.approx(below.p_value, abs=0.02)


def test_it_agrees_with_the_bootstrap() -> None:
    """On many rows the interval is that of the draws."""
    y, a, b = _pair(120, 80, 1_800)
    quick = compare_hits(y, a, b, confidence=0.9)
    drawn = paired_bootstrap(METRICS["accuracy"], y, a, b, confidence=0.9)
    assert (quick.low, quick.high) == pytest.approx((drawn.low, drawn.high), abs=0.002)
    assert quick.p_value == pytest.approx(drawn.p_value, abs=0.005)


def test_classifiers_that_agree_do_not_differ() -> None:
    """Without discordant rows there is no evidence."""
    found = compare_hits(*_pair(0, 0, 30))
    assert (found.difference, found.p_value) == (0, 1)
    assert found.low < 0 < found.high


def test_a_margin_is_a_higher_bar() -> None:
    """Against a margin as large as the gain the p-value is about one half."""
    assert compare_hits(*_pair(120, 80, 1_800), margin=0.02).p_value == pytest.approx(0.5, abs=0.02)


def test_repeated_rows_are_no_evidence() -> None:
    """Rows that are there ten times, in groups, are counted once."""
    y, a, b = _pair(12, 6, 60)
    once = compare_hits(y, a, b, groups=np.arange(len(y)))
    again = compare_hits(*(np.repeat(part, 10) for part in (y, a, b)), groups=np.repeat(np.arange(len(y)), 10))
    assert again.low == pytest.approx(once.low)
    assert compare_hits(*(np.repeat(part, 10) for part in (y, a, b))).low > again.low


def test_classes_are_the_most_probable_ones() -> None:
    """With k columns the class is the largest one."""
    y = np.array([0, 1, 2, 2])
    found = compare_hits(y, np.eye(3)[y], np.eye(3)[[0, 1, 1, 1]])
    assert (found.a, found.b, found.difference) == (1, 0.5, 0.5)
