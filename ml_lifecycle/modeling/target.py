"""`Target`: what is predicted, and how its values become the numbers that models learn and back.

Which rows have a target is decided in `dataset/splits`; what a good prediction is, in `evaluation/metrics`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.errors import PackageError, TargetError
from ml_lifecycle.features.cells import category_key

#: A class as JSON can hold it.
Label: TypeAlias = "str | int | float | bool"

_CLASSES = (Kind.BINARY, Kind.MULTICLASS)
_PAIR = 2
# With fewer rows than this, that all values differ says nothing about the column.
_FEW_ROWS = 20


@dataclass(frozen=True, slots=True)
class Target:
    """The target of a project.

    Args:
        kind: What is fitted.
        name: The column.
        classes: The classes in the order of their codes; binary: the negative one, then the positive one; empty for
            regression and ranking.

    >>> target = Target.fit(pd.Series(["no", "yes", "no"]), Task.CLASSIFICATION, name="repaid")
    >>> target.encode(pd.Series(["yes", "no"])).tolist(), target.decode(np.array([0.9, 0.2])).tolist()
    ([1, 0], ['yes', 'no'])
    """

    kind: Kind
    name: str
    classes: tuple[Label, ...] = ()

    @classmethod
    def fit(cls, values: pd.Series, task: Task, *, name: str, positive_class: Label | None = None) -> Target:
        """Learn the classes, or check the numbers, of all labelled rows; missing values are ignored.

        Args:
            values: The target of the rows, whichever split they are in: a class may be absent from train.
            task: What the user asks for.
            name: The column.
            positive_class: Binary: the class whose probability is predicted; the rarer one by default.

        Raises:
            TargetError: There is nothing to learn: no value, one class, a class per row, text or infinite numbers
                for regression, or a positive class that does not occur.
        """
        known = values[values.notna()]
        if known.empty:
            raise _unusable(name, "labelled rows", "no value at all", "check the column and the outcome times")
        if task is not Task.CLASSIFICATION:
            _check_numbers(name, known)
            return cls(Kind.RANKING if task is Task.RANKING else Kind.REGRESSION, name)
        counts = _count(known)
        _check_classes(name, counts, rows=len(known))
        if len(counts) > _PAIR:
            return cls(Kind.MULTICLASS, name, tuple(counts))
        positive = _rarer(counts) if positive_class is None else _find(name, counts, positive_class)
        negative = next(label for label in counts if label != positive)
        return cls(Kind.BINARY, name, (negative, positive))

    @property
    def positive(self) -> Label | None:
        """Binary: the class whose probability is predicted."""
        return self.classes[1] if self.kind is Kind.BINARY else None

    def encode(self, values: pd.Series) -> np.ndarray:
        """Turn targets into numbers: int64 class codes, or float64; shape (n,).

        Raises:
            TargetError: A value is missing, unknown as a class, or not a finite number.
        """
        if values.isna().any():
            raise _unusable(
                self.name, "a value in every row", f"{int(values.isna().sum())} missing", "leave out unlabelled rows"
            )
        if self.kind not in _CLASSES:
            return _numbers(self.name, values)
        codes, uniques = pd.factorize(values)
        place = {category_key(label): code for code, label in enumerate(self.classes)}
        found = [place.get(category_key(label), -1) for label in uniques]
        if -1 in found:
            unknown = [label for label, code in zip(uniques, found, strict=True) if code < 0]
            raise _unusable(
                self.name, f"classes among {list(self.classes)[:10]}", f"{unknown[:5]}", "train anew with these rows"
            )
        return np.asarray(found, dtype=np.int64)[codes]

    def decode(self, predictions: np.ndarray, threshold: float = 0.5) -> np.ndarray:
        """Turn predictions into labels: the class from `threshold` on, the most probable class, or the number itself.

        Args:
            predictions: Shape (n,), or (n, k) for k classes.
            threshold: Binary: the probability from which the class is the positive one.
        """
        if self.kind not in _CLASSES:
            return predictions
        codes = predictions >= threshold if self.kind is Kind.BINARY else np.argmax(predictions, axis=1)
        return self.labels_of(codes)

    def labels_of(self, codes: np.ndarray) -> np.ndarray:
        """The classes of codes, shape (n,), in the type that the target had."""
        same_type = len({type(label) for label in self.classes}) == 1 and not isinstance(self.classes[0], str)
        labels = np.array(self.classes) if same_type else np.array(self.classes, dtype=object)
        return labels[codes.astype(np.int64)]

    def to_dict(self) -> dict[str, Any]:
        """Give what JSON can hold."""
        return {"kind": self.kind.value, "name": self.name, "classes": list(self.classes)}

    @classmethod
    def from_dict(cls, state: Mapping[str, Any]) -> Target:
        """Make a target of what `to_dict` gave.

        Raises:
            PackageError: The state is damaged.
        """
        try:
            return cls(Kind(state["kind"]), str(state["name"]), tuple(state["classes"]))
        except (KeyError, TypeError, ValueError) as error:
            raise PackageError(
                "the stored target cannot be read",
                expected="kind, name and classes",
                got=f"{type(error).__name__}: {error}",
                advice="package the model again",
            ) from error


def _count(known: pd.Series) -> dict[Label, int]:
    counts: dict[str, tuple[Label, int]] = {}
    for value, count in known.value_counts(sort=False).items():
        key = category_key(value) or ""
        label, before = counts.get(key, (_plain(value), 0))
        counts[key] = (label, before + int(count))
    return {label: count for label, count in sorted(counts.values(), key=_order) if count}


def _plain(value: Any) -> Label:  # noqa: ANN401 - whatever a column holds
    scalar = value.item() if isinstance(value, np.generic) else value
    if isinstance(scalar, float) and scalar.is_integer():
        return int(scalar)
    return scalar if isinstance(scalar, str | int | float | bool) else str(scalar)


def _order(pair: tuple[Label, int]) -> tuple[bool, float, str]:
    label = pair[0]
    return (True, 0.0, label) if isinstance(label, str) else (False, float(label), "")


def _rarer(counts: Mapping[Label, int]) -> Label:
    # At equal counts the later one in order: 1 rather than 0, "yes" rather than "no".
    return min(reversed(list(counts)), key=lambda label: counts[label])


def _find(name: str, counts: Mapping[Label, int], wanted: Label) -> Label:
    for label in counts:
        if category_key(label) == category_key(wanted):
            return label
    raise _unusable(
        name, f"the positive class {wanted!r} among the values", f"{list(counts)}", "correct brief.positive_class"
    )


def _check_classes(name: str, counts: Mapping[Label, int], *, rows: int) -> None:
    if len(counts) == 1:
        raise _unusable(
            name, "at least two classes", f"only {next(iter(counts))!r}", "check the column, the filter and the dates"
        )
    if rows >= _FEW_ROWS and len(counts) == rows:
        raise _unusable(
            name, "classes that repeat", f"{rows} rows of {rows} classes", "name another target, or task: regression"
        )


def _check_numbers(name: str, known: pd.Series) -> None:
    numbers = _numbers(name, known)
    if numbers.min() == numbers.max():
        raise _unusable(name, "numbers that differ", f"only {numbers[0]:g}", "check the column and the filter")


def _numbers(name: str, values: pd.Series) -> np.ndarray:
    advice = "correct the values in the schema, or set task: classification"
    inferred = pd.api.types.infer_dtype(values, skipna=True)
    if inferred not in ("integer", "floating", "mixed-integer-float", "boolean", "decimal"):
        raise _unusable(name, "numbers", f"{inferred} such as {values.iloc[0]!r:.60}", advice)
    numbers = values.to_numpy(dtype=np.float64)
    if not np.isfinite(numbers).all():
        raise _unusable(name, "finite numbers", f"{int((~np.isfinite(numbers)).sum())} infinite", advice)
    return numbers


def _unusable(name: str, expected: str, got: str, advice: str) -> TargetError:
    return TargetError(f"the target {name!r} cannot be learnt", expected=expected, got=got, advice=advice)
