"""Rows and subjects that lie in several splits are found; rows that are alike by chance are not."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ml_lifecycle.discovery.risks.shared_groups import find_shared_groups
from ml_lifecycle.discovery.risks.shared_rows import find_shared_rows
from ml_lifecycle_tests.discovery.risks.tables import people, prices, read

RANDOM = np.random.default_rng(17)


def _with_copies(frame: pd.DataFrame, share: float, jitter: float = 0.0) -> pd.DataFrame:
    again = frame.sample(frac=share, random_state=1)
    again = again.assign(**{name: again[name] + jitter * RANDOM.normal(size=len(again)) for name in ("age", "noise")})
    return pd.concat([frame, again]).sample(frac=1, random_state=2, ignore_index=True)


def test_rows_that_stand_twice() -> None:
    """A tenth of the rows, in the table once more; it stops nothing by itself."""
    found = find_shared_rows(read(_with_copies(people(), 0.1)), identifiers=frozenset())
    assert found is not None
    assert 80 <= found.confidence < 90
    assert found.evidence["target_told_by_twin"] == 1


def test_rows_that_stand_twice_under_another_number() -> None:
    """Identifiers do not make rows different."""
    frame = _with_copies(people(), 0.1).assign(number=lambda rows: range(len(rows)))
    assert find_shared_rows(read(frame), identifiers=frozenset({"number"})) is not None


def test_rows_that_are_nearly_the_same() -> None:
    """A little noise on the numbers does not hide a copy."""
    frame = _with_copies(people().assign(more=RANDOM.normal(size=1_500)), 0.15, jitter=1e-4)
    found = find_shared_rows(read(frame), identifiers=frozenset())
    assert found is not None
    assert found.confidence >= 80


def test_rows_alike_by_chance() -> None:
    """Coarse columns agree often, in all but one as in all."""
    frame = pd.DataFrame(RANDOM.integers(0, 4, (1_500, 4)), columns=list("abcd")).assign(y=people()["y"])
    found = find_shared_rows(read(frame), identifiers=frozenset())
    assert found is None or found.confidence < 80
    assert find_shared_rows(read(people()), identifiers=frozenset()) is None


def test_subjects_with_one_target() -> None:
    """Five rows each, in several splits, always the same outcome; as the group they are no risk."""
    frame = people().sort_values("y", ignore_index=True)
    names = RANDOM.permutation(300)[np.arange(1_500) // 5]
    frame = frame.assign(animal=[f"A{code}" for code in names], farm=RANDOM.integers(0, 300, 1_500))
    found = [f for f in find_shared_groups(read(frame), group=None) if f.confidence >= 80]
    assert [finding.name for finding in found] == ["shared_groups:animal"]
    assert not list(find_shared_groups(read(frame), group="animal"))


def test_measurements_that_order_the_target_are_no_subjects() -> None:
    """Equal values have equal targets, because neighbouring values have."""
    frame = prices()
    frame["y"] = frame["y"].rank() // 3
    frame["level"] = (frame["y"] // 2).astype(int)
    assert not list(find_shared_groups(read(frame, "regression"), group=None))
