"""Columns as encoders read them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.errors import DataError
from ml_lifecycle.features.columns import Columns, Keys, Values

FRAME = pd.DataFrame({"city": ["Riga", None, "Oslo", "Riga"], "age": [1.0, None, 3.0, 4.0]})


class Doubling:
    """A derivation that counts how often it works."""

    def __init__(self) -> None:
        self.calls = 0

    def derive(self, columns: Columns) -> Mapping[str, Values]:
        """Double the age."""
        self.calls += 1
        return {"twice": Values(columns["age"].series * 2)}


def test_keys_know_their_counts() -> None:
    """Counts leave out what no row has; keys of one name are merged."""
    keys = Keys(np.array([0, 1, 2, -1]), ["1", "2", "1", "ghost"])
    assert keys.counts() == {"1": 2, "2": 1}
    assert keys.merged().codes.tolist() == [0, 1, 0, -1]
    assert keys.most_frequent(1) == ("1",)


@pytest.mark.parametrize("rows", [np.array([2, 3]), np.array([False, False, True, True])])
def test_a_part_shares_what_the_whole_knows(rows: np.ndarray) -> None:
    """Some rows have their own cells, gaps and codes, with the names of the whole."""
    part = Columns(FRAME).take(rows)
    assert part.rows == 2
    assert part["city"].keys.counts() == {"Oslo": 1, "Riga": 1}
    assert not part["city"].missing.any()
    assert part["age"].numbers().tolist() == [3, 4]
    assert part["city"].series.tolist() == ["Oslo", "Riga"]


def test_a_derivation_works_once() -> None:
    """What was derived of the whole is there for its parts."""
    doubling, columns = Doubling(), Columns(FRAME)
    columns.derive(doubling)
    assert columns.take(np.array([3])).derive(doubling)["twice"].numbers().tolist() == [8]
    assert doubling.calls == 1


def test_a_column_of_keys_can_be_read_as_cells() -> None:
    """A derived column of categories has cells."""
    assert Values.of_keys(Keys(np.array([0, -1]), ["a"])).series.tolist() == ["a", None]


def test_an_absent_column_is_named() -> None:
    """Asking for what is not there says what is."""
    with pytest.raises(DataError, match=r"'ghost'.*age"):
        Columns(FRAME)["ghost"]
