"""`TextColumn`: length, words, and what a text is about (TF-IDF and SVD)."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from ml_lifecycle.features.cells import category_key
from ml_lifecycle.features.columns import Values
from ml_lifecycle.features.encoders.base import Encoder

_TERM = re.compile(r"\w\w+")
_DIGITS = 9  # of a stored weight: more than float32 has, and machines that round otherwise agree on them
_Text = TypeVar("_Text", bound="TextColumn")
_DENSE_CELLS = 1_000_000  # up to this size the full decomposition takes no time worth saving


@dataclass(frozen=True)
class TextColumn(Encoder):
    """Characters and words of a text, and its place on the axes along which the training texts differ most.

    A text is weighed by its terms (sublinear counts times the smoothed inverse share of texts with the term, length 1)
    and projected on the first components of a truncated SVD: latent semantic analysis (Deerwester et al. 1990). All
    features are NaN where the cell is missing; a text of unknown terms lies at 0.

    Args:
        outputs: `length`, `words` and `topic0`, `topic1`, ...
        terms: The vocabulary.
        rarity: Weight of each term, as many as terms.
        axes: One list of weights per `topic` among the outputs, as many weights as terms.
    """

    kind: ClassVar[str] = "text"
    several: ClassVar[bool] = True

    outputs: tuple[str, ...]
    terms: tuple[str, ...]
    rarity: tuple[float, ...]
    axes: tuple[tuple[float, ...], ...]

    @classmethod
    def fit(cls, values: Values, *, column: str, components: int, vocabulary: int) -> TextColumn:
        """Learn the vocabulary and the axes of the training texts.

        Args:
            values: Training rows.
            column: Their column.
            components: Axes at most; fewer where the texts do not differ in so many ways.
            vocabulary: Terms at most, those in most texts.
        """
        keys = values.keys.merged()
        counts = np.bincount(keys.codes[keys.codes >= 0], minlength=len(keys.names)).astype(np.float64)
        texts = [name for name, count in zip(keys.names, counts, strict=True) if count]
        weights = counts[counts > 0]
        terms, rarity = _vocabulary(texts, weights, vocabulary)
        nullable = bool((keys.codes < 0).any())
        blank = cls(column, nullable, ("length", "words"), terms, tuple(rarity), ())
        axes = _fit_axes(blank, texts, weights, components)
        topics = tuple(f"topic{number}" for number in range(len(axes)))
        return _without_useless_terms(replace(blank, outputs=(*blank.outputs, *topics), axes=axes))

    @property
    def features(self) -> tuple[str, ...]:
        """Such as `comment__length` and `comment__topic0`."""
        return tuple(f"{self.column}__{output}" for output in self.outputs)

    def encode(self, values: Values, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (outputs, n)."""
        keys = values.keys
        topics = self._project([self.weigh(name) for name in keys.names])
        table = np.full((len(keys.names) + 1, len(self.outputs)), math.nan, dtype=np.float32)
        table[:-1] = [self._line(name, topics[index]) for index, name in enumerate(keys.names)] or table[:-1]
        out[:] = table[keys.codes].T

    def cell(self) -> Callable[[object], list[float]]:
        """Make the single-cell path: value to one float per output."""
        blank = [math.nan] * len(self.outputs)

        def line_of(value: object) -> list[float]:
            text = category_key(value)
            return blank if text is None else self._line(text, self._project([self.weigh(text)])[0])

        return line_of

    def weigh(self, text: str) -> tuple[list[int], list[float]]:
        """The terms of a text as places in the vocabulary, rising, and their weights, of length 1 together."""
        place = self._place
        found = Counter(place[term] for term in _terms_of(text) if term in place)
        places = sorted(found)
        weights = [(1 + math.log(found[term])) * self.rarity[term] for term in places]
        length = math.sqrt(math.fsum(weight * weight for weight in weights))
        return places, [weight / length for weight in weights]

    def pick(self, names: Collection[str]) -> Self:
        """Keep the outputs whose features are named."""
        kept = tuple(output for output, name in zip(self.outputs, self.features, strict=True) if name in names)
        topics = [output for output in self.outputs if output.startswith("topic")]
        axes = tuple(axis for output, axis in zip(topics, self.axes, strict=True) if output in kept)
        return _without_useless_terms(replace(self, outputs=kept, axes=axes))

    def state(self) -> dict[str, Any]:
        """Vocabulary and axes."""
        return {
            "outputs": list(self.outputs),
            "terms": list(self.terms),
            "rarity": list(self.rarity),
            "axes": [list(axis) for axis in self.axes],
        }

    @classmethod
    def from_state(cls, column: str, state: Mapping[str, Any], *, nullable: bool) -> Self:
        """Make an encoder of what `to_dict` gave."""
        outputs, terms = tuple(map(str, state["outputs"])), tuple(map(str, state["terms"]))
        rarity = tuple(map(float, state["rarity"]))
        axes = tuple(tuple(map(float, axis)) for axis in state["axes"])
        topics = sum(output.startswith("topic") for output in outputs)
        if topics != len(axes) or {len(rarity), *map(len, axes)} != {len(terms)}:
            msg = f"expected an encoder of text with {topics} axes of {len(terms)} weights, got others"
            raise ValueError(msg)
        if not all(output in {"length", "words"} or output.startswith("topic") for output in outputs):
            msg = f"expected an encoder of length, words and topics, got {list(outputs)}"
            raise ValueError(msg)
        return cls(column, nullable, outputs, terms, rarity, axes)

    def _line(self, text: str, topics: np.ndarray) -> list[float]:
        found = iter(topics.tolist())
        plain = {"length": len(text), "words": len(text.split())}
        return [float(plain[output]) if output in plain else next(found) for output in self.outputs]

    def _project(self, weighed: list[tuple[list[int], list[float]]]) -> np.ndarray:
        """Place texts on the axes: float64 of shape (n, axes). Each row is summed by itself, whatever is beside it."""
        if not self.axes:
            return np.zeros((len(weighed), 0))
        return np.asarray(_sparse(weighed, len(self.terms)) @ self._matrix)

    @cached_property
    def _place(self) -> dict[str, int]:
        return {term: index for index, term in enumerate(self.terms)}

    @cached_property
    def _matrix(self) -> np.ndarray:
        return np.ascontiguousarray(np.array(self.axes, dtype=np.float64).T)


def _without_useless_terms(encoder: _Text) -> _Text:
    return encoder if encoder.axes else replace(encoder, terms=(), rarity=())


def _terms_of(text: str) -> list[str]:
    return _TERM.findall(text.lower())


def _sparse(weighed: list[tuple[list[int], list[float]]], width: int) -> Any:  # noqa: ANN401 - scipy ships no types
    from scipy.sparse import csr_array

    starts = np.cumsum([0, *(len(places) for places, _ in weighed)])
    places = np.array([place for found, _ in weighed for place in found], dtype=np.int32)
    weights = np.array([weight for _, found in weighed for weight in found], dtype=np.float64)
    return csr_array((weights, places, starts.astype(np.int32)), shape=(len(weighed), width))


def _vocabulary(texts: list[str], weights: np.ndarray, most: int) -> tuple[tuple[str, ...], list[float]]:
    """The terms in most texts, and how rare they are: log((1 + n) / (1 + texts with it)) + 1."""
    frequency: dict[str, float] = {}
    for text, weight in zip(texts, weights.tolist(), strict=True):
        for term in set(_terms_of(text)):
            frequency[term] = frequency.get(term, 0.0) + weight
    terms = sorted(sorted(frequency, key=lambda term: (-frequency[term], term))[:most])
    total = float(weights.sum())
    return tuple(terms), [_round(math.log((1 + total) / (1 + frequency[term])) + 1) for term in terms]


def _fit_axes(encoder: TextColumn, texts: list[str], weights: np.ndarray, most: int) -> tuple[tuple[float, ...], ...]:
    """The right singular vectors of the weighed texts, each row counted as often as it occurs."""
    count = min(most, len(encoder.terms) - 1, len(texts) - 1)
    if count < 1:
        return ()
    from scipy.sparse import diags_array

    matrix = diags_array(np.sqrt(weights)) @ _sparse([encoder.weigh(text) for text in texts], len(encoder.terms))
    values, axes = _decompose(matrix.tocsr(), count)
    order = np.argsort(-values, kind="stable")[:count]
    useful = [axes[index] for index in order if values[index] > values.max() * np.finfo(np.float32).eps]
    # A singular vector has no sign of its own: its largest weight is made positive.
    return tuple(tuple(_round(weight) for weight in axis * np.sign(axis[np.argmax(np.abs(axis))])) for axis in useful)


def _decompose(matrix: Any, count: int) -> tuple[np.ndarray, np.ndarray]:  # noqa: ANN401 - scipy ships no types
    """Singular values and right singular vectors; the same ones whenever it is asked."""
    if matrix.shape[0] * matrix.shape[1] <= _DENSE_CELLS:
        _, values, axes = np.linalg.svd(matrix.toarray(), full_matrices=False)
        return values, axes
    from scipy.sparse.linalg import svds

    start = np.random.default_rng(0).uniform(0.5, 1.0, size=min(matrix.shape))
    _, values, axes = svds(matrix, k=count, v0=start, solver="arpack")
    return values, axes


def _round(weight: float) -> float:
    return float(f"{weight:.{_DIGITS}g}")
