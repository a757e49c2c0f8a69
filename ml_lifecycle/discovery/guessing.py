"""What is to be predicted in a table that nobody has described: the target, the task, the codes for missing values.

Which columns have other roles is guessed in `roles`; what may leak is hinted at in `hints`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import pandas as pd

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.dataset.numbers import parse_numbers
from ml_lifecycle.dataset.schema_inference import infer_type
from ml_lifecycle.dataset.sources import suggest
from ml_lifecycle.errors import DataError, TargetError

_TARGET_NAMES: Final = (
    *("target", "label", "labels", "class", "outcome", "y", "response", "relevance", "grade"),
    *("defaulted", "churn", "churned", "fraud", "is_fraud", "survived", "converted", "clicked", "income", "diagnosis"),
    *("cnt", "quality", "price", "saleprice", "sale_price", "sales", "demand", "revenue", "arr_delay"),
)
"""Names that a target often has, the surest first."""

_QUERY_NAMES: Final = frozenset({"query_id", "qid", "query", "search_id", "srch_id", "queryid", "session_id"})
"""Names of columns that put the rows of one ranking together."""

_CODES: Final = ("?", "-", "--", "#", "n.a.", "N.A.", "missing")
"""What people write for "missing", besides what every reader of CSV knows (an empty cell, NA, NULL, nan)."""

_POSITIVE: Final = ("yes", "y", "true", "t", "1", "positive", "pos")
_MOST_CLASSES = 10  # a number of more distinct values is an amount
_MOST_GRADES = 31  # LightGBM's lambdarank knows the grades 0 to 30


@dataclass(frozen=True, slots=True)
class Guess:
    """One decision of the draft.

    Args:
        what: What was decided.
        value: What it was decided to be.
        why: For which reason.
    """

    what: str
    value: str
    why: str


@dataclass(frozen=True)
class Table:
    """A table, and what its columns look like.

    Args:
        frame: The rows.
    """

    frame: pd.DataFrame

    @cached_property
    def types(self) -> dict[str, ColumnType]:
        """The type of each column."""
        return {name: infer_type(self.frame[name]) for name in self.columns}

    @property
    def columns(self) -> list[str]:
        """The columns in their order."""
        return [str(name) for name in self.frame.columns]

    def of(self, *types: ColumnType) -> list[str]:
        """The columns of these types."""
        return [name for name in self.columns if self.types[name] in types]

    def is_unique(self, name: str) -> bool:
        """Whether every row has a value of its own in a column."""
        return bool(self.frame[name].is_unique) and not self.frame[name].isna().any()

    def require(self, name: str, role: str) -> str:
        """A column that was named must be there.

        Raises:
            DataError: It is not; the message names the nearest that is.
        """
        if name not in self.columns:
            failure = TargetError if role == "target" else DataError
            raise failure(
                f"the {role} column is not in the file",
                expected=f"a column {name!r}",
                got=f"{len(self.columns)} columns without it",
                advice=suggest(name, self.columns),
            )
        return name


@dataclass(frozen=True, slots=True)
class Goal:
    """What is predicted.

    Args:
        target: The column.
        task: The task.
        kind: The task, classification divided by the number of classes.
        positive: Binary: the class whose probability is predicted.
        share: Classification: share of the most frequent class.
    """

    target: str
    task: Task
    kind: Kind
    positive: Any = None
    share: float = 0.0


def guess_missing_codes(frame: pd.DataFrame) -> dict[str, str]:
    """Codes for missing values in columns of text, each with where it stands.

    A question mark among other values is taken for one. Signs that may mean something are, where all that stands beside
    them are numbers.

    >>> guess_missing_codes(pd.DataFrame({"job": ["cook", "?"], "age": ["30", "-"], "sign": ["+", "-"]}))
    {'?': '1 cell of job'}
    """
    places: dict[str, list[str]] = {}
    refused: set[str] = set()
    for name in frame.select_dtypes(["object", "string", "category"]).columns:
        counts = frame[name].dropna().astype(str).value_counts()
        for text in [str(text) for text in counts.index if str(text).strip() in _CODES and len(counts) > 1]:
            others = counts.index.drop(text).to_series()
            if text.strip() == "?" or parse_numbers(others).notna().all():
                places.setdefault(text, []).append(f"{counts[text]} cell{'s' if counts[text] > 1 else ''} of {name}")
            else:
                refused.add(text)
    return {text: ", ".join(where) for text, where in places.items() if text not in refused}


def guess_target(table: Table, named: str | None) -> Guess:
    """The target: as named, else of a well-known name, else the last column that could be one.

    Raises:
        TargetError: The named column is absent, or none could be a target.
    """
    if named is not None:
        return Guess("target", table.require(named, "target"), "named")
    lower = {name.lower(): name for name in reversed(table.columns)}
    for wanted in _TARGET_NAMES:
        if wanted in lower and _can_be_target(table, lower[wanted]):
            return Guess("target", lower[wanted], "targets are often called so")
    for name in reversed(table.columns):
        if _can_be_target(table, name):
            return Guess("target", name, "the last column that is neither constant, nor a time, nor a name of rows")
    raise TargetError(
        "no column could be a target",
        expected="a column that varies and is not the name of a row",
        got=f"the columns {', '.join(map(repr, table.columns[:10]))}",
        advice="name it with --target",
    )


def guess_goal(table: Table, target: str, task: Task | None, group: str | None) -> tuple[Goal, Guess]:
    """The task, unless it is said, and for a classification its classes.

    Raises:
        TargetError: The target has only one value, or cannot be used for the task that is said.
    """
    values = table.frame[target].dropna()
    distinct = values.nunique()
    if distinct < 2:  # noqa: PLR2004 - where there is one value, nothing can be learnt
        raise TargetError(
            f"the target {target!r} holds nothing to be learnt",
            expected="at least two different values",
            got=f"{distinct} in {len(table.frame)} rows",
            advice="name another column with --target",
        )
    numeric = table.types[target] in {ColumnType.INTEGER, ColumnType.NUMBER}
    if task is None:
        task, why = _guess_task(table, target, group, numeric=numeric)
    else:
        why = "named"
    if task is not Task.CLASSIFICATION and not numeric:
        raise TargetError(
            f"the target {target!r} cannot be used for {task}",
            expected="numbers",
            got=f"{table.types[target]}, such as {values.iloc[0]!r}",
            advice="use --template classification, or name another column with --target",
        )
    return _describe_goal(values, target, task), Guess("task", str(task), why)


def find_query_column(table: Table) -> str | None:
    """A column whose name says that it puts the rows of one ranking together, and that does."""
    return next(
        (name for name in table.columns if name.lower() in _QUERY_NAMES and not table.is_unique(name)),
        None,
    )


def _can_be_target(table: Table, name: str) -> bool:
    """A column that varies, and does not name rows; amounts may well all be different."""
    kind = table.types[name]
    if kind in {ColumnType.TIME, ColumnType.ANY} or table.frame[name].nunique() < 2:  # noqa: PLR2004 - it varies
        return False
    return kind is ColumnType.NUMBER or not table.is_unique(name) or len(table.frame) <= _MOST_CLASSES


def _guess_task(table: Table, target: str, group: str | None, *, numeric: bool) -> tuple[Task, str]:
    values = table.frame[target].dropna()
    distinct = values.nunique()
    if not numeric:
        return Task.CLASSIFICATION, f"{target} holds {distinct} different texts or truths"
    whole = bool((values.astype(float) % 1 == 0).all())
    query = group or find_query_column(table)
    if query in table.columns and query != target and whole and values.min() >= 0 and values.max() < _MOST_GRADES:
        named_so = str(query).lower() in _QUERY_NAMES
        if named_so:
            return Task.RANKING, f"{target} holds {distinct} grades, and {query} puts rows together that are ranked"
    if distinct == 2 or (whole and distinct <= _MOST_CLASSES):  # noqa: PLR2004 - binary
        return Task.CLASSIFICATION, f"{target} holds only {distinct} different numbers (else --template regression)"
    return Task.REGRESSION, f"{target} holds {distinct} different numbers"


def _describe_goal(values: pd.Series, target: str, task: Task) -> Goal:
    if task is not Task.CLASSIFICATION:
        return Goal(target, task, Kind(str(task)))
    counts = values.value_counts()
    share = float(counts.iloc[0] / counts.sum())
    if len(counts) > 2:  # noqa: PLR2004 - binary
        return Goal(target, task, Kind.MULTICLASS, share=share)
    positive = [label for label in counts.index if str(label).lower().removesuffix(".0") in _POSITIVE]
    label = positive[0] if len(positive) == 1 else counts.index[-1]
    return Goal(target, task, Kind.BINARY, positive=_plain(label), share=share)


def _plain(label: Any) -> Any:  # noqa: ANN401 - numpy's scalars become Python's
    return label.item() if hasattr(label, "item") else label
