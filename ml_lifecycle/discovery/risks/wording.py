"""What words, beginnings and endings of texts say about the target: an outcome written into a remark or a code."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np

from ml_lifecycle.discovery.risks.power import cell_means, goals_of
from ml_lifecycle.discovery.risks.table import Codes, Column, RiskTable

_WORD = re.compile(r"[^\W\d_]+")
_FEW_VALUES = 50  # with fewer distinct texts than this, each is a category of its own anyway
_ROWS = 5_000
_MOST_WORDS = 200
_LEAST_ROWS = 10
_ROUNDS = 3  # words that are put together, the most telling first


def power_of_words(table: RiskTable, column: Column) -> float:
    """Explained share of the target by the few most telling words of a column of texts, out of fold; 0 for others."""
    if column.is_number or column.is_time or column.distinct <= _FEW_VALUES:
        return 0.0
    rows = table.sample
    if len(rows) > _ROWS:
        rows = np.sort(np.random.default_rng(table.seed).choice(rows, _ROWS, replace=False))
    has = _words(column, rows)
    if not len(has):
        return 0.0
    goal = goals_of(table.target, rows)[-1]
    cells = np.zeros(len(rows), dtype=np.int64)
    best = 0.0
    for _ in range(_ROUNDS):
        gains = [_between(goal.truth, cells * 2 + word) for word in has]
        cells = np.unique(cells * 2 + has[int(np.argmax(gains))], return_inverse=True)[1].astype(np.int64)
        best = max(best, goal.explained(cell_means(goal.truth, cells, table.seed)))
    return best


def _words(column: Column, rows: Codes) -> Codes:
    """(w, m) whether a word, the beginning or the ending stands in a text."""
    texts = column.cells.iloc[rows]
    tokens = [_tokens(str(text)) if known else frozenset() for text, known in zip(texts, texts.notna(), strict=True)]
    counts = Counter(token for found in tokens for token in found)
    usable = [t for t, count in counts.most_common(_MOST_WORDS) if _LEAST_ROWS <= count <= len(rows) - _LEAST_ROWS]
    place = {token: position for position, token in enumerate(usable)}
    has = np.zeros((len(usable), len(rows)), dtype=np.int64)
    for row, found in enumerate(tokens):
        for token in found:
            if token in place:
                has[place[token], row] = 1
    return has


def _tokens(text: str) -> frozenset[str]:
    lower = text.strip().lower()
    words = {word for word in _WORD.findall(lower) if len(word) > 1}
    return frozenset(words | {f"^{lower[:1]}", f"^{lower[:2]}", f"{lower[-1:]}$", f"{lower[-2:]}$"})


def _between(truth: np.ndarray, cells: Codes) -> float:
    """Squared distance of the means of cells from the overall mean, over all rows: what a split gains."""
    rows = np.bincount(cells)
    some = rows > 0
    gain = 0.0
    for column in truth.T:
        sums = np.bincount(cells, weights=column)
        gain += float((sums[some] ** 2 / rows[some]).sum())
    return gain
