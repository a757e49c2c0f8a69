"""Adding the columns of a further source to the rows: by equal keys, by the newest time that is not later, or both.

The rows keep their names and their order. Where a further source comes from is in `sources`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.sources import JoinConfig
from ml_lifecycle.dataset.coercion import parse_times
from ml_lifecycle.dataset.rows import as_text, renumber
from ml_lifecycle.dataset.suggestions import require_columns
from ml_lifecycle.errors import DataError

_WHOLESALE: Final = 0.5
_EXAMPLES: Final = 3
_NOWHERE: Final = -1

Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class JoinReport:
    """What one join did.

    Args:
        source: What was joined.
        by: The columns it was joined by.
        rows: Rows that came.
        matched: Rows that found a partner.
        unmatched: Rows that found none.
        left_out: Rows that an inner join left out.
        further_rows: Rows of the further source.
        used: How many of them were a partner.
        columns: Columns that were added.
    """

    source: str
    by: tuple[str, ...]
    rows: int
    matched: int
    unmatched: int
    left_out: int
    further_rows: int
    used: int
    columns: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Joined:
    """Rows with the columns of a further source.

    Args:
        frame: The rows; a left join keeps each of them once, whatever the further source holds.
        report: What found a partner.
    """

    frame: pd.DataFrame
    report: JoinReport


def join(frame: pd.DataFrame, further: pd.DataFrame, config: JoinConfig) -> Joined:
    """Add columns to rows.

    Keys that are numbers on one side and text on the other are compared as text, whole numbers without a decimal
    point. A missing key, or a missing or unreadable time, finds no partner. Of several rows of the further source at
    the newest time, the last one counts.

    Args:
        frame: The rows.
        further: The further source.
        config: How they are joined.

    Raises:
        DataError: A column is not there, an added one would replace another, or the keys of the further source are
            not unique although there is no time to choose by.

    >>> rows, ports = pd.DataFrame({"origin": ["A", "B"]}), pd.DataFrame({"port": ["B"], "height": [12]})
    >>> config = JoinConfig.model_validate({"source": {"path": "x"}, "by": ["origin"], "right_by": ["port"]})
    >>> join(rows, ports, config).frame["height"].tolist()
    [nan, 12.0]
    """
    names = _added_names(frame, further, config)
    keys, further_keys = _codes(frame, further, config)
    if config.as_of is None:
        places = _equal(keys, further_keys, further, config)
    else:
        places = _newest(frame, further, keys, further_keys, config)
    matched = places != _NOWHERE
    report = JoinReport(
        source=config.source.place,
        by=(*config.by, *((config.as_of,) if config.as_of else ())),
        rows=len(frame),
        matched=int(matched.sum()),
        unmatched=int((~matched).sum()),
        left_out=int((~matched).sum()) if config.how == "inner" else 0,
        further_rows=len(further),
        used=len(np.unique(places[matched])),
        columns=tuple(names.values()),
    )
    if config.how == "inner" and not matched.all():
        frame, places = frame.loc[matched], places[matched]
    added = {name: _take(further[column], places) for column, name in names.items()}
    whole = pd.concat([renumber(frame), pd.DataFrame(added)], axis=1) if added else renumber(frame)
    return Joined(whole, report)


def _added_names(frame: pd.DataFrame, further: pd.DataFrame, config: JoinConfig) -> dict[str, str]:
    """The names that the columns of the further source get."""
    place = config.source.place
    right_by = _right_by(config)
    times = [config.right_as_of or config.as_of] if config.as_of else []
    here, there = list(map(str, frame.columns)), list(map(str, further.columns))
    require_columns(config.by, here, place="the rows", key="dataset.joins: by")
    require_columns([config.as_of] if config.as_of else [], here, place="the rows", key="dataset.joins: as_of")
    require_columns(right_by, there, place=place, key="dataset.joins: right_by (or by)")
    require_columns([str(time) for time in times], there, place=place, key="dataset.joins: right_as_of (or as_of)")
    require_columns(config.columns, there, place=place, key="dataset.joins: columns")
    chosen = config.columns or [name for name in there if name not in {*right_by, *times}]
    names = {name: f"{config.prefix}{name}" for name in chosen}
    clashing = sorted(set(names.values()) & set(here))
    if clashing:
        raise DataError(
            f"the join with {place} would replace columns",
            expected="names that the rows do not have yet",
            got=", ".join(clashing),
            advice="set dataset.joins: prefix, or list the columns that are wanted under dataset.joins: columns",
        )
    return names


def _right_by(config: JoinConfig) -> Sequence[str]:
    return config.right_by or config.by


def _codes(frame: pd.DataFrame, further: pd.DataFrame, config: JoinConfig) -> tuple[Positions, Positions]:
    """One code a row for its keys, equal where they are equal on both sides; -1 where one of them is missing."""
    here = np.zeros(len(frame), dtype=np.intp)
    there = np.zeros(len(further), dtype=np.intp)
    for left, right in zip(config.by, _right_by(config), strict=True):
        one, other = _reconciled(frame[left], further[right])
        filled = [side for side in (one, other) if len(side)] or [one]
        codes, values = pd.factorize(pd.concat(filled, ignore_index=True))
        width = len(values)
        missing = np.concatenate([here, there]) < 0
        mixed = np.where(missing | (codes < 0), _NOWHERE, np.concatenate([here, there]) * width + codes)
        packed, _ = pd.factorize(pd.Series(mixed).where(mixed >= 0))  # small again, so that no product overflows
        here, there = packed[: len(frame)], packed[len(frame) :]
    return here, there


def _reconciled(left: pd.Series, right: pd.Series) -> tuple[pd.Series, pd.Series]:
    """Both sides as values that compare: numbers with numbers, times with times, else text."""
    kinds = {_kind(left), _kind(right)}
    if kinds == {"number"}:
        return left, right
    if "time" in kinds:
        return parse_times(left).column, parse_times(right).column
    return as_text(left), as_text(right)


def _kind(values: pd.Series) -> str:
    if values.dtype.kind in "iufb":
        return "truth" if values.dtype.kind == "b" else "number"
    return "time" if values.dtype.kind == "M" else "text"


def _equal(keys: Positions, further_keys: Positions, further: pd.DataFrame, config: JoinConfig) -> Positions:
    known = np.flatnonzero(further_keys >= 0)
    codes = further_keys[known]
    repeated = pd.Series(codes).duplicated().to_numpy()
    if repeated.any():
        raise _repeated(further.iloc[known[repeated]], int(repeated.sum()), config)
    places = np.full(max(int(keys.max(initial=-1)), int(further_keys.max(initial=-1))) + 2, _NOWHERE, dtype=np.intp)
    places[codes] = known
    return places[keys]  # a missing key is -1, the last place, which no code has


def _repeated(rows: pd.DataFrame, count: int, config: JoinConfig) -> DataError:
    names = list(_right_by(config))
    told = [", ".join(f"{name} {value!r}" for name, value in row.items()) for row in
            rows[names].drop_duplicates().head(_EXAMPLES).astype(object).to_dict("records")]  # fmt: skip
    return DataError(
        f"the keys {', '.join(names)} do not name the rows of {config.source.place} uniquely",
        expected="one row a key",
        got=f"{count:,} repeated rows, such as {'; '.join(told)}",
        advice="add a key under dataset.joins: by, choose by time with as_of, or aggregate the source (with a query)",
    )


def _newest(
    frame: pd.DataFrame, further: pd.DataFrame, keys: Positions, further_keys: Positions, config: JoinConfig
) -> Positions:
    """The newest row of the further source that is not later, among those with equal keys."""
    left = _side(frame, str(config.as_of), keys, "the rows")
    right = _side(further, str(config.right_as_of or config.as_of), further_keys, config.source.place)
    met = pd.merge_asof(
        left,
        right.rename(columns={"place": "partner"}),
        on="time",
        by="key",
        direction="backward",
        tolerance=None if config.tolerance is None else pd.Timedelta(config.tolerance),
    )
    places = np.full(len(frame), _NOWHERE, dtype=np.intp)
    found = met["partner"].notna().to_numpy()
    places[met["place"].to_numpy()[found]] = met["partner"].to_numpy()[found].astype(np.intp)
    return places


def _side(frame: pd.DataFrame, time: str, keys: Positions, place: str) -> pd.DataFrame:
    parsed = parse_times(frame[time])
    if parsed.unreadable.sum() > _WHOLESALE * frame[time].notna().sum():
        raise DataError(
            f"the column {time!r} of {place} does not hold times",
            expected="dates or times, such as 2024-05-31T14:00:00",
            got=f"{int(parsed.unreadable.sum())} of {len(frame)} cells such as "
            f"{frame[time][parsed.unreadable].iloc[0]!r}",
            advice="correct dataset.joins: as_of or right_as_of",
        )
    side = pd.DataFrame({"time": parsed.column.to_numpy(), "key": keys, "place": np.arange(len(frame))})
    return side.loc[side["time"].notna() & (side["key"] >= 0)].sort_values("time", kind="stable")


def _take(values: pd.Series, places: Positions) -> Any:  # noqa: ANN401 - an array of any kind
    """The cells at places; missing where there is none, which makes whole numbers float64."""
    if not len(values):
        kind = values.dtype.kind
        dtype = "datetime64[ns]" if kind == "M" else "float64" if kind in "iuf" else "object"
        return pd.Series(None, index=range(len(places)), dtype=dtype).array
    content: Any = values.to_numpy() if isinstance(values.dtype, np.dtype) else values.array
    return pd.api.extensions.take(content, places, allow_fill=bool((places == _NOWHERE).any()))
