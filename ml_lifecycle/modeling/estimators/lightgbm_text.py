"""LightGBM's own text taken apart into trees and put together again, so that trees can be changed and left out.

A changed model thereby stays a LightGBM booster that needs nothing but LightGBM. What is changed decide `refitting`
and `quantisation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from ml_lifecycle.errors import ModelError

_END = "end of trees"
_SIZES = "tree_sizes="
_IMPORTANCES, _PARAMETERS = "\nfeature_importances:", "\nparameters:"
#: Bits of `decision_type`: whether a split asks for categories.
_CATEGORICAL = 1


@dataclass(frozen=True, slots=True)
class TextTree:
    """One tree: its lines by their key, in LightGBM's order."""

    lines: Mapping[str, str]

    def numbers(self, key: str) -> np.ndarray:
        """The figures of a line as float64; empty where a tree has none."""
        return np.array(self.lines.get(key, "").split(), dtype=np.float64)

    @property
    def leaves(self) -> np.ndarray:
        """The values of the leaves, shape (leaves,)."""
        return self.numbers("leaf_value")

    @property
    def thresholds(self) -> np.ndarray:
        """The thresholds of the splits, shape (splits,); those of categories are positions in a list."""
        return self.numbers("threshold")

    @property
    def features(self) -> np.ndarray:
        """The feature of each split as its position, shape (splits,)."""
        return self.numbers("split_feature").astype(np.intp)

    @property
    def numeric(self) -> np.ndarray:
        """Whether each split compares a number, shape (splits,)."""
        return np.asarray((self.numbers("decision_type").astype(np.intp) & _CATEGORICAL) == 0)

    def with_lines(self, **written: Sequence[str]) -> Self:
        """The same tree with other figures in some lines."""
        return replace(self, lines={**self.lines, **{key: " ".join(figures) for key, figures in written.items()}})

    def with_leaves(self, values: np.ndarray) -> Self:
        """The same tree with other leaves, written in full."""
        return self.with_lines(leaf_value=[write_number(value) for value in values])


@dataclass(frozen=True, slots=True)
class ModelText:
    """A model in LightGBM's text.

    Args:
        head: The lines before the trees.
        trees: The trees, round by round and class by class.
        tail: What stands after the trees.
    """

    head: tuple[str, ...]
    trees: tuple[TextTree, ...]
    tail: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Take a text apart.

        Raises:
            ModelError: It is not what LightGBM writes.
        """
        before, end, after = text.partition(_END)
        head, *blocks = before.split("\nTree=")
        lines = head.split("\n")
        if not end or not any(line.startswith(_SIZES) for line in lines):
            raise ModelError(
                "the text of a LightGBM model cannot be taken apart",
                expected=f"a text with {_SIZES.rstrip('=')} and {_END!r}",
                got=f"{text[:40]!r}...",
                advice="train the model with the installed version of LightGBM",
            )
        return cls(tuple(lines), tuple(map(_read_tree, blocks)), end + after)

    def write(self) -> str:
        """The text of it; that of `parse` where nothing was changed."""
        blocks = [_write_tree(number, tree) for number, tree in enumerate(self.trees)]
        sizes = _SIZES + " ".join(str(len(block.encode())) for block in blocks)
        head = [sizes if line.startswith(_SIZES) else line for line in self.head]
        return "\n".join(head) + "\n" + "".join(blocks) + self.tail

    @property
    def per_round(self) -> int:
        """Trees that a round consists of: one, or one per class."""
        return int(next(line for line in self.head if line.startswith("num_tree_per_iteration")).split("=")[1])

    @property
    def averages(self) -> bool:
        """Whether the trees are averaged, as in a forest, and not added."""
        return "average_output" in self.head

    def with_trees(self, trees: Sequence[TextTree]) -> Self:
        """The same model with other trees; their list of importances, which LightGBM does not read, is left out."""
        before, found, after = self.tail.partition(_IMPORTANCES)
        tail = before + _PARAMETERS + after.partition(_PARAMETERS)[2] if found and _PARAMETERS in after else self.tail
        return replace(self, trees=tuple(trees), tail=tail)


def write_number(value: float) -> str:
    """The shortest text that reads as the same float64; whole numbers without a point.

    >>> write_number(0.1), write_number(2.0)
    ('0.1', '2')
    """
    return repr(float(value)).removesuffix(".0")


def _read_tree(block: str) -> TextTree:
    lines = [line.partition("=") for line in block.split("\n")[1:] if line]
    return TextTree({key: value for key, _, value in lines})


def _write_tree(number: int, tree: TextTree) -> str:
    lines = [f"Tree={number}", *(f"{key}={value}" for key, value in tree.lines.items())]
    return "\n".join(lines) + "\n\n\n"
