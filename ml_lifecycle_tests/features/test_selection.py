"""Which features are kept, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.features import SelectionConfig
from ml_lifecycle.errors import DataError
from ml_lifecycle.features.selection import Selection, judge_signal, select_features
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.parts import Storable

RNG = np.random.default_rng(5)
ROWS = 600
SIGNAL = RNG.normal(size=ROWS)
CODES = RNG.integers(0, 4, ROWS)
MATRIX = FeatureMatrix(
    np.column_stack(
        [RNG.normal(size=ROWS), SIGNAL, -SIGNAL * 2 + 1, CODES, RNG.integers(0, 4, ROWS), np.zeros(ROWS)]
    ).astype(np.float32),
    ("noise", "signal", "mirror", "codes", "noise_codes", "constant"),
    (3, 4),
)
LEVEL = SIGNAL + np.array([0, 2, 4, 6])[CODES] + RNG.normal(scale=0.3, size=ROWS)
TARGETS: dict[Kind, np.ndarray] = {
    Kind.BINARY: (LEVEL > 3).astype(np.int64),
    Kind.MULTICLASS: np.digitize(LEVEL, [1, 3, 5]),
    Kind.REGRESSION: LEVEL,
    Kind.RANKING: np.digitize(LEVEL, [1, 3, 5]).astype(np.float64),
}
Method = Literal["gain", "mutual_info", "permutation", "l1", "rfe", "null_importance"]
METHODS: tuple[Method, ...] = get_args(Method)


def select(
    kind: Kind = Kind.BINARY,
    groups: np.ndarray | None = None,
    *,
    repeat_on: Sequence[np.ndarray] = (),
    **config: Any,
) -> Selection:
    """Select on the rows above."""
    made = SelectionConfig(**config)
    return select_features(MATRIX, TARGETS[kind], kind, made, seed=1, groups=groups, repeat_on=repeat_on)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", list(Kind))
def test_signal_is_kept_and_redundancy_dropped(kind: Kind, method: str) -> None:
    """For every kind of problem the informative columns stay, and one of two mirrored ones goes."""
    groups = np.repeat(np.arange(60), 10) if kind is Kind.RANKING else None
    selection = select(kind, groups, method=method)
    assert "codes" in selection.names
    assert len({"signal", "mirror"} & set(selection.names)) == 1
    assert "constant" not in selection.names
    reasons = selection.scores.set_index("feature")["reason"]
    assert reasons["constant"].startswith("no signal")
    assert "correlated with" in reasons["mirror"] + reasons["signal"]
    assert judge_signal(selection).passed


def test_ranking_without_queries_or_grades_is_scored_too() -> None:
    """Relevances that are no grades fall back to regression."""
    selection = select_features(
        MATRIX, LEVEL, Kind.RANKING, SelectionConfig(), seed=1, groups=np.zeros(ROWS, dtype=int)
    )
    assert "codes" in selection.names


@pytest.mark.parametrize("method", METHODS)
def test_the_same_seed_gives_the_same_choice(method: str) -> None:
    """Selection is repeatable to the last figure."""
    pd.testing.assert_frame_equal(select(method=method).scores, select(method=method).scores)


@pytest.mark.parametrize("method", METHODS)
def test_the_strongest_k_are_kept(method: str) -> None:
    """With k = 1 the strongest feature alone is kept, and the others say why they are not."""
    selection = select(method=method, k=1)
    assert selection.names == ("codes",)
    assert selection.scores.loc[0, "feature"] == "codes"
    assert selection.scores["reason"].str.contains("not among the 1 strongest").any()


def test_none_keeps_everything_and_claims_nothing_of_noise() -> None:
    """Without a method all features are kept, in the order of the matrix."""
    selection = select(method="none")
    assert selection.names == MATRIX.names
    assert selection.scores["kept"].all()


@pytest.mark.parametrize("method", METHODS)
def test_noise_alone_keeps_one_feature_and_warns(method: Method) -> None:
    """Where nothing bears on the target, at least one feature is kept and the gate warns."""
    rng = np.random.default_rng(11)
    matrix = FeatureMatrix(rng.normal(size=(500, 3)).astype(np.float32), ("a", "b", "c"))
    selection = select_features(matrix, rng.integers(0, 2, 500), Kind.BINARY, SelectionConfig(method=method), seed=3)
    verdict = judge_signal(selection)
    assert len(selection.names) >= 1
    assert not verdict.passed
    assert not verdict.blocks


def test_a_constant_table_keeps_one_feature() -> None:
    """Even where every feature scores nothing, one is kept, and the reason says so."""
    matrix = FeatureMatrix(np.zeros((50, 2), dtype=np.float32), ("a", "b"))
    selection = select_features(matrix, np.arange(50) % 2, Kind.BINARY, SelectionConfig(), seed=0)
    assert selection.names == ("a",)
    assert "a model needs one" in selection.scores.loc[0, "reason"]


def test_sources_are_named() -> None:
    """The table names the column each feature is made of."""
    selection = select_features(
        MATRIX, TARGETS[Kind.BINARY], Kind.BINARY, SelectionConfig(method="none"), seed=0, sources={"noise": "column"}
    )
    assert selection.scores.set_index("feature").loc["noise", "source"] == "column"


def test_a_selection_survives_storing() -> None:
    """Names come back in the order of the matrix although the table is in the order of strength."""
    selection = select()
    assert isinstance(selection, Storable)
    restored = Selection.from_parts(selection.to_parts())
    assert restored.names == selection.names
    pd.testing.assert_frame_equal(restored.scores, selection.scores)


def test_no_rows_are_refused() -> None:
    """Selection without rows is an error, not a guess."""
    with pytest.raises(DataError, match="cannot be selected"):
        select_features(MATRIX.take(np.arange(0)), np.empty(0), Kind.BINARY, SelectionConfig(), seed=0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rows", [1, 2, 7])
def test_a_handful_of_rows_is_no_error(method: Method, rows: int) -> None:
    """Whatever the method, so few rows that nothing can be learnt give a choice of at least one feature."""
    y = np.arange(rows) % 3
    for kind in (Kind.BINARY, Kind.MULTICLASS, Kind.REGRESSION):
        target = y % 2 if kind is Kind.BINARY else y
        chosen = select_features(MATRIX.take(np.arange(rows)), target, kind, SelectionConfig(method=method), seed=0)
        assert chosen.names


def test_stability_is_the_share_of_repetitions_that_keep_a_feature() -> None:
    """Signal is kept without each fold; a constant never is; the share stands beside the reason."""
    selection = select(repeat_on=[np.arange(len(MATRIX)) % 4 != fold for fold in range(4)])
    shares = selection.scores.set_index("feature")["stability"]
    assert shares["codes"] == 1
    assert shares["constant"] == 0
    assert shares[["signal", "mirror"]].sum() == 1
    assert selection.names == select().names
    assert "stability" not in select().scores.columns
    pd.testing.assert_frame_equal(Selection.from_parts(selection.to_parts()).scores, selection.scores)
