"""Labeling functions: what each rule says about each row. How votes become labels is `labeling`."""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.labeling import LabelingConfig, LabelingFunctionConfig
from ml_lifecycle.dataset.coercion import ColumnType, coerce_column
from ml_lifecycle.dataset.rows import as_text, factorize, is_missing, text_of
from ml_lifecycle.errors import ConfigError, DataError

Label: TypeAlias = "str | int | float | bool"
Mask = npt.NDArray[np.bool_]

SILENT = -1
"""The vote of a rule that says nothing about a row."""

_MOST_LABELS = 100  # more are no classes; rules guess classes


@dataclass(frozen=True, slots=True)
class Votes:
    """What rules say.

    Args:
        matrix: (n, rules) int16: the place of the label in `labels`, or `SILENT`.
        names: The rules.
        labels: The labels that any rule votes for.
    """

    matrix: npt.NDArray[np.int16]
    names: tuple[str, ...]
    labels: tuple[Label, ...]

    @property
    def covered(self) -> Mask:
        """Rows that some rule says something about, (n,)."""
        covered: Mask = (self.matrix != SILENT).any(axis=1)
        return covered


def collect_votes(frame: pd.DataFrame, config: LabelingConfig) -> Votes:
    """Ask every rule about every row.

    Args:
        frame: The columns that rules may see: neither the target nor reserved ones.
        config: The rules.

    Raises:
        ConfigError: A rule cannot be read, names an unknown column, or its function cannot be found.
        DataError: A function of the user fails or gives something else than a label for each row.
    """
    labels: dict[str, Label] = {}
    columns = [_vote(frame, rule, labels) for rule in config.functions]
    _refuse_many(list(labels.values()))
    names = tuple(rule.name for rule in config.functions)
    return Votes(np.column_stack(columns), names, tuple(labels.values()))


def label_key(value: object) -> str:
    """By what two labels are compared: 1, 1.0, True and "1" are the same label.

    >>> label_key(True) == label_key(1.0) == label_key("1")
    True
    """
    return str(int(value)) if isinstance(value, bool | np.bool_) else text_of(value)


def _vote(frame: pd.DataFrame, rule: LabelingFunctionConfig, labels: dict[str, Label]) -> npt.NDArray[np.int16]:
    """The votes of one rule; labels that are new are added to `labels`."""
    if rule.python is not None:
        return _encode(_ask(frame, rule, rule.python), labels)
    applies = _evaluate(frame, rule, rule.when) if rule.when is not None else _look(frame, rule)
    if rule.label is None:
        raise TypeError("expected a label, which the configuration requires of this rule, got none")
    place = _place(rule.label, labels)
    return np.where(applies, place, SILENT).astype(np.int16)


def _place(label: Label, labels: dict[str, Label]) -> int:
    key = label_key(label)
    labels.setdefault(key, label)
    return list(labels).index(key)


def _evaluate(frame: pd.DataFrame, rule: LabelingFunctionConfig, expression: str) -> Mask:
    try:
        # Neither names of this module nor others are to be seen by the rule, only columns.
        found: Any = frame.eval(expression, engine="python", local_dict={}, global_dict={})
    except pd.errors.UndefinedVariableError as error:
        name = (re.findall(r"'([^']+)'", str(error)) or [str(error)])[0]
        raise _unknown_column(frame, rule, name) from error
    except Exception as error:  # whatever pandas makes of a user's text
        raise _unreadable(rule, f"{type(error).__name__}: {error}") from error
    truths = pd.Series(found, index=frame.index) if np.ndim(found) else None
    if truths is None or not (pd.api.types.is_bool_dtype(truths.dtype) or _all_truths(truths)):
        raise _unreadable(rule, f"{type(found).__name__} such as {str(found)[:60]!r}")
    mask: Mask = truths.eq(other=True).to_numpy(dtype=bool, na_value=False)
    return mask


def _all_truths(values: pd.Series) -> bool:
    return values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) == "boolean"


def _look(frame: pd.DataFrame, rule: LabelingFunctionConfig) -> Mask:
    """Where all that is asked of the column holds; a cell that is missing or cannot be read fits nothing."""
    if rule.column not in frame.columns:
        raise _unknown_column(frame, rule, str(rule.column))
    values = frame[rule.column]
    applies = np.ones(len(frame), dtype=bool)
    if rule.keywords:
        applies &= _hold(values, rule.keywords)
    if rule.above is not None or rule.below is not None:
        numbers = coerce_column(values, ColumnType.NUMBER).column.to_numpy(dtype=np.float64, na_value=np.nan)
        if rule.above is not None:
            applies &= numbers > rule.above
        if rule.below is not None:
            applies &= numbers < rule.below
    return applies


def _hold(values: pd.Series, keywords: tuple[str, ...]) -> Mask:
    codes, distinct = factorize(values)
    texts = as_text(pd.Series(distinct, dtype=object))
    pattern = "|".join(re.escape(keyword) for keyword in keywords)
    found = [re.search(pattern, text, re.IGNORECASE) is not None for text in texts]
    held: Mask = np.array([*found, False])[codes]
    return held


def _ask(frame: pd.DataFrame, rule: LabelingFunctionConfig, reference: str) -> pd.Series:
    function = _load(rule, reference)
    try:
        given = function(frame.copy(deep=False))
    except Exception as error:  # whatever a user's function raises
        raise DataError(
            f"the labeling function {rule.name!r} failed",
            expected=f"{reference} to give a label or None for each row",
            got=f"{type(error).__name__}: {error}",
            advice="mend the function",
        ) from error
    answers = pd.Series(list(given) if np.ndim(given) or isinstance(given, list | tuple) else [given], dtype=object)
    if len(answers) != len(frame):
        raise DataError(
            f"the labeling function {rule.name!r} gives something else than a label for each row",
            expected=f"{len(frame)} labels or None, in the order of the frame",
            got=f"{len(answers)} values" if np.ndim(given) else f"{type(given).__name__}",
            advice="return a Series, an array or a list as long as the frame",
        )
    return answers


def _load(rule: LabelingFunctionConfig, reference: str) -> Callable[[pd.DataFrame], Any]:
    module_name, _, name = reference.partition(":")
    try:
        found = getattr(importlib.import_module(module_name), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(
            f"the labeling function {rule.name!r} cannot be found",
            expected=f"a function {name} in the module {module_name}",
            got=f"{type(error).__name__}: {error}",
            advice="correct `python`, or install the package that the module is in",
        ) from error
    if not callable(found):
        raise ConfigError(
            f"the labeling function {rule.name!r} is no function",
            expected=f"a function at {reference}",
            got=type(found).__name__,
            advice="correct `python`",
        )
    function: Callable[[pd.DataFrame], Any] = found
    return function


def _encode(answers: pd.Series, labels: dict[str, Label]) -> npt.NDArray[np.int16]:
    codes, distinct = factorize(answers)
    _refuse_many(distinct)
    places = [SILENT if is_missing(value) else _place(_plain(value), labels) for value in distinct]
    return np.array([*places, SILENT], dtype=np.int16)[codes]


def _refuse_many(labels: list[Any]) -> None:
    if len(labels) > _MOST_LABELS:
        raise DataError(
            "rules vote for more labels than classes can be told apart",
            expected=f"at most {_MOST_LABELS} labels",
            got=f"{len(labels)}, such as {labels[:5]}",
            advice="let rules vote for classes; a number that is to be predicted cannot be guessed by votes",
        )


def _plain(value: Any) -> Label:  # noqa: ANN401 - whatever a function gives
    label: Label = value.item() if isinstance(value, np.generic) else value
    return label


def _unknown_column(frame: pd.DataFrame, rule: LabelingFunctionConfig, name: str) -> ConfigError:
    near = difflib.get_close_matches(name, [str(column) for column in frame.columns], n=1)
    return ConfigError(
        f"the labeling function {rule.name!r} names an unknown column",
        expected=f"some of {[str(column) for column in frame.columns[:20]]}",
        got=name,
        advice=f"did you mean {near[0]!r}?" if near else "correct the rule; it cannot look at the target",
    )


def _unreadable(rule: LabelingFunctionConfig, got: str) -> ConfigError:
    return ConfigError(
        f"the labeling function {rule.name!r} cannot be evaluated",
        expected="a pandas expression that is true or false for each row, such as `income < 1000 and age < 25`",
        got=got,
        advice=f"correct `when: {rule.when}`",
    )
