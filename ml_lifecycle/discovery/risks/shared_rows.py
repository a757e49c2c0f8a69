"""Rows that stand in more than one split: equal, equal but for identifiers and times, or nearly equal.

They are reported and, by default, stop nothing, even where their labels agree throughout: a table of events or of
coarse measures holds equal rows rightly (each connection of a network, each wine of a batch), and nothing in the rows
tells these from rows that were entered twice. Who wants them to stop a run sets `dataset.risks.block_from` to 80.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from ml_lifecycle.dataset.rows import TRAIN, mix
from ml_lifecycle.discovery.risks.finding import Finding, RiskKind, grade, rounded, whole
from ml_lifecycle.discovery.risks.table import SPLITS, Codes, Column, Floats, Mask, RiskTable

_LEAST_TWINS = 5
_LEAST_SHARE = 0.003
_LEAST_NEAR = 0.01
_MOST_BY_CHANCE = 0.5  # of rows that agree in all columns but one, so many may agree in that one too
_LEAST_DISTINCT = 20
_WITNESSES = 3
_FINE = 200  # distinct values from which two rows seldom have the same
_LIFT = 5.0  # times as many equal rows as chance gives
_TELLING = 200  # distinct amounts of the target from which equal ones are no chance
_SURE = 89  # a table that counts events may hold equal rows rightly: reported, and stops nothing unless told to
_JUDGED, _TAUGHT = 2_000, 20_000
_MOST_CATEGORIES = 20
_NEIGHBOURS = 5
_AROUND = 12  # neighbours that tell how many dimensions the rows around one fill
_NEAR = 0.05  # distance to the nearest row, as a share of that to the fifth nearest
_LEAST_NUMBERS = 3


@dataclass(frozen=True, slots=True)
class _Twins:
    """Rows that are judged, and what they share with those that teach.

    Args:
        judged: (n,) rows of validation and test.
        shared: (n,) rows of them with a twin in train.
        columns: What was compared.
    """

    judged: Mask
    shared: Mask
    columns: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share of the judged rows that have a twin."""
        return float(self.shared.sum() / max(self.judged.sum(), 1))


def find_shared_rows(table: RiskTable, *, identifiers: frozenset[str]) -> Finding | None:
    """Look for rows of validation and test that stand in train as well.

    Where the rows are not divided, a random tenth is taken for the test.

    Args:
        table: The rows.
        identifiers: Columns that name rows: two rows may differ in them and be the same.
    """
    columns = [c for c in table if c.name not in identifiers and not c.is_time and c.distinct > 1]
    judged, taught = _sides(table)
    if not columns or not judged.any() or not taught.any():
        return None
    hashes = {column.name: _hash(column) for column in columns}
    whole_rows = np.add.reduce(list(hashes.values()))
    shared = judged & np.isin(whole_rows, whole_rows[taught])
    twins = _Twins(judged, shared, tuple(column.name for column in columns))
    if shared.sum() >= _LEAST_TWINS and twins.share >= _LEAST_SHARE:
        by_chance = _agreement_by_chance(columns, hashes, whole_rows, judged, taught)
        if by_chance < _MOST_BY_CHANCE and table.target.column.distinct >= _TELLING:
            # Coarse features agree by chance; an amount of many values hardly does.
            keyed = whole_rows + _hash(table.target.column)
            twins, by_chance = _Twins(judged, judged & np.isin(keyed, keyed[taught]), twins.columns), 1.0
        return _finding(table, twins, whole_rows, taught, by_chance=by_chance, near=False)
    return _near_rows(table, columns, whole_rows, judged, taught)


def _sides(table: RiskTable) -> tuple[Mask, Mask]:
    if table.split is None:
        drawn = np.random.default_rng(table.seed).random(len(table)) < 0.1  # noqa: PLR2004 - a tenth
        return drawn & table.target.known, ~drawn & table.target.known
    return table.split > SPLITS.index(TRAIN), table.split == SPLITS.index(TRAIN)


def _hash(column: Column) -> np.ndarray:
    """(n,) hash of each cell, salted by the name, so that the sum over columns is the hash of the row."""
    salt = mix(np.array([crc32(column.name.encode())], dtype=np.uint64))
    return np.asarray(mix(column.codes.astype(np.uint64) ^ salt))


def _agreement_by_chance(
    columns: Sequence[Column], hashes: dict[str, np.ndarray], whole_rows: np.ndarray, judged: Mask, taught: Mask
) -> float:
    """How often rows that agree in all columns but one agree in that one too, for the columns of most values.

    Rows of a few coarse columns agree by chance; then many rows agree in all but one. Rows that were copied do not.
    """
    varied = sorted(columns, key=lambda column: -column.distinct)[:_WITNESSES]
    agreements = []
    for column in varied:
        others = whole_rows - hashes[column.name]
        partners = judged & np.isin(others, others[taught])
        same = judged & np.isin(whole_rows, whole_rows[taught])
        agreements.append(float(same.sum() / max(partners.sum(), 1)) if column.distinct >= _LEAST_DISTINCT else 0.0)
        if same.sum() > _LIFT * max(_met_by_chance(column, others, whole_rows, partners, taught), 1.0):
            return 1.0
    return max(agreements)


def _met_by_chance(column: Column, others: np.ndarray, whole_rows: np.ndarray, partners: Mask, taught: Mask) -> float:
    """How many judged rows would find their value of one fine column among the rows that agree in all others.

    Every row counts once, so that rows that stand there twice do not make their own values look frequent.
    """
    if column.distinct < _FINE:
        return float(partners.sum())
    once = np.unique(whole_rows, return_index=True)[1]
    shares = np.bincount(column.codes[once] + 1) / len(once)
    keys, counts = np.unique(others[taught], return_counts=True)
    rows = counts[np.searchsorted(keys, others[partners])]
    return float((1 - (1 - min(float((shares**2).sum()), 1.0)) ** rows).sum())


def _near_rows(
    table: RiskTable, columns: Sequence[Column], whole_rows: np.ndarray, judged: Mask, taught: Mask
) -> Finding | None:
    """Rows with a neighbour in train that is far closer than neighbours are."""
    random = np.random.default_rng(table.seed)
    numbers = [c for c in columns if c.is_number and c.distinct >= _LEAST_DISTINCT]
    if len(numbers) < _LEAST_NUMBERS:
        return None
    exact = np.isin(whole_rows, whole_rows[taught])
    test = random.permutation(np.flatnonzero(judged & ~exact))[:_JUDGED]
    train = random.permutation(np.flatnonzero(taught))[:_TAUGHT]
    if len(test) < _LEAST_TWINS or len(train) < 10 * _NEIGHBOURS:
        return None
    ratio, dimension = _ratios(numbers, columns, test, train)
    # Where some columns stand still, as before a first order, rows are near by chance more often.
    expected = float(((_NEIGHBOURS - 1) * _NEAR**dimension).mean())
    close = ratio < _NEAR
    # Of the rows that teach only a part was looked through.
    share = float(close.mean()) * max(1.0, float(taught.sum()) / len(train))
    if close.sum() < _LEAST_TWINS or share < _LEAST_NEAR + 4 * expected:
        return None
    shared = np.zeros(len(table), dtype=bool)
    shared[test[close]] = True
    looked = np.zeros(len(table), dtype=bool)
    looked[test] = True
    twins = _Twins(looked, shared, tuple(column.name for column in columns))
    return _finding(table, twins, None, taught, by_chance=1.0, near=True)


def _ratios(numbers: Sequence[Column], columns: Sequence[Column], test: Codes, train: Codes) -> tuple[Floats, Floats]:
    """(t,) distance to the nearest row over that to the fifth, and how many dimensions the rows around fill.

    The dimension is read off the median ratio of the second to the first distance (Facco et al. 2017, TwoNN), and off
    the distances around each row (Levina and Bickel 2004) where these say less.
    """
    from scipy.spatial import cKDTree

    values = np.column_stack([_spread(column) for column in numbers] + [*_indicators(columns)])
    distances, _ = cKDTree(values[train]).query(values[test], k=min(_AROUND, len(train)), workers=1)
    first, second, last = distances[:, 0], distances[:, 1], distances[:, _NEIGHBOURS - 1]
    apart = (first > 0) & (second > 0)
    stretch = np.log(second[apart] / first[apart]) if apart.any() else np.zeros(1)
    dimension = float(np.log(2) / max(float(np.median(stretch)), 1e-3))
    ratio = np.where(last > 0, first / np.maximum(last, 1e-300), 1.0)
    # The nearest ones may be twins, of which there are none in the expectation.
    steps = np.log(np.maximum(distances[:, -1:], 1e-300) / np.maximum(distances[:, 2:-1], 1e-300))
    local = (steps.shape[1] - 1) / np.maximum(steps.sum(axis=1), 1e-9)
    return ratio, np.minimum(local, dimension)


def _spread(column: Column) -> Floats:
    """Values on one scale for all columns: between the quartiles lies one unit; what is missing is in the middle."""
    values = column.numbers
    low, middle, high = np.nanquantile(values, [0.25, 0.5, 0.75])
    width = (high - low) or float(np.nanstd(values)) or 1.0
    return np.where(np.isfinite(values), np.clip((values - middle) / width, -20, 20), 0.0)


def _indicators(columns: Sequence[Column]) -> list[Floats]:
    """A number for each category of the coarse columns: rows of other categories are far apart."""
    coarse = [c for c in columns if not c.is_number and c.distinct <= _MOST_CATEGORIES]
    return [(column.codes == code).astype(np.float64) for column in coarse for code in range(column.distinct)]


def _finding(
    table: RiskTable, twins: _Twins, hashes: np.ndarray | None, taught: Mask, *, by_chance: float, near: bool
) -> Finding:
    steps = ((_LEAST_NEAR, 60), (0.02, 80)) if near else ((_LEAST_SHARE, 62), (0.005, 80))
    confidence = grade(twins.share, *steps, (0.05, 86), (0.3, _SURE))
    if by_chance < _MOST_BY_CHANCE:
        confidence = min(confidence, 55)
    evidence: dict[str, float] = {
        "share": twins.share,
        "rows": float(twins.shared.sum()),
        "columns": len(twins.columns),
    }
    told = ""
    if hashes is not None:
        evidence["agree_in_the_last_column"] = by_chance
        right, usual = _told_by_twins(table, twins.shared, hashes, taught)
        evidence |= {"target_told_by_twin": right, "target_by_guessing": usual}
        told = f"; their twin tells the target of {right:.0%} (guessing: {usual:.0%})"
    kind = "nearly the same rows" if near else "the same rows"
    where = "train" if table.split is not None else "train, if the rows were divided at random"
    return Finding(
        kind=RiskKind.SHARED_ROWS,
        columns=(),
        confidence=whole(confidence),
        summary=f"{twins.share:.1%} of the rows that judge are {kind} as some in {where}{told}.",
        evidence={name: rounded(value) for name, value in evidence.items()},
        advice="remove duplicates (dataset.cleaning), or name the column that keeps them together as dataset.group",
    )


def _told_by_twins(table: RiskTable, shared: Mask, hashes: np.ndarray, taught: Mask) -> tuple[float, float]:
    """How well the target of the first twin in train tells that of a shared row, and how well guessing does."""
    target = table.target
    truth = target.codes if target.has_classes else target.numbers
    places = np.flatnonzero(taught)
    keys, first = np.unique(hashes[places], return_index=True)
    rows = np.flatnonzero(shared & target.known)
    if not len(rows):
        return 0.0, 0.0
    twin = places[first[np.searchsorted(keys, hashes[rows])]]
    if not target.has_classes:
        spread = float(np.nanvar(truth[taught])) or 1.0
        return max(0.0, 1 - float(np.nanmean((truth[rows] - truth[twin]) ** 2)) / spread), 0.0
    shares = np.bincount(target.codes[taught & target.known]) / max(int((taught & target.known).sum()), 1)
    return float((truth[rows] == truth[twin]).mean()) if len(rows) else 0.0, float((shares**2).sum())
