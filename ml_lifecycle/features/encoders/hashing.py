"""`HashColumn`: any number of categories in a fixed number of features, without a list of them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from ml_lifecycle.features.cells import category_key
from ml_lifecycle.features.columns import Values
from ml_lifecycle.features.encoders.base import Encoder

_BITS = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class HashColumn(Encoder):
    """The hashing trick: a category is +1 or -1 in one of the buckets, 0 in the others; all are 0 where missing.

    Bucket and sign come from a hash that is the same on every machine. The sign keeps the sums of colliding categories
    apart on average (Weinberger et al. 2009).

    Args:
        buckets: How many features the hash spreads categories over.
        kept: The buckets that are still asked for, after a selection.
    """

    kind: ClassVar[str] = "hash"
    several: ClassVar[bool] = True

    buckets: int
    kept: tuple[int, ...]

    @classmethod
    def fit(cls, values: Values, *, column: str, buckets: int) -> HashColumn:
        """Learn nothing but whether cells are missing."""
        return cls(column, bool(values.missing.any()), buckets, tuple(range(buckets)))

    @property
    def features(self) -> tuple[str, ...]:
        """Such as `customer__hash7`."""
        return tuple(f"{self.column}__hash{bucket}" for bucket in self.kept)

    def encode(self, values: Values, out: np.ndarray) -> None:
        """Write the batch into `out`, float32 of shape (buckets, n)."""
        spread = [spread_key(name, self.buckets) for name in values.keys.names]
        # The last entry is the one that the code -1 of missing cells picks.
        places = np.array([*(place for place, _ in spread), -1], dtype=np.int32)[values.keys.codes]
        signs = np.array([*(sign for _, sign in spread), 0.0], dtype=np.float32)[values.keys.codes]
        for line, bucket in enumerate(self.kept):
            np.multiply(places == bucket, signs, out=out[line])
        out += 0.0  # no negative zeros: a false times -1 is one

    def cell(self) -> Callable[[object], list[float]]:
        """Make the single-cell path: value to one float per bucket."""
        place_of = {bucket: line for line, bucket in enumerate(self.kept)}
        count, buckets = len(self.kept), self.buckets

        def line_of(value: object) -> list[float]:
            line = [0.0] * count
            key = value if type(value) is str else category_key(value)
            if key is not None:
                bucket, sign = spread_key(key, buckets)
                if bucket in place_of:
                    line[place_of[bucket]] = sign
            return line

        return line_of

    def pick(self, names: Collection[str]) -> Self:
        """Keep the buckets whose features are named."""
        kept = tuple(bucket for bucket, name in zip(self.kept, self.features, strict=True) if name in names)
        return replace(self, kept=kept)

    def state(self) -> dict[str, Any]:
        """How many buckets, and which of them are asked for."""
        return {"buckets": self.buckets, "kept": list(self.kept)}

    @classmethod
    def from_state(cls, column: str, state: Mapping[str, Any], *, nullable: bool) -> Self:
        """Make an encoder of what `to_dict` gave."""
        return cls(column, nullable, int(state["buckets"]), tuple(map(int, state["kept"])))


def spread_key(key: str, buckets: int) -> tuple[int, float]:
    """The bucket of a category and its sign: CRC-32, its bits mixed by the finaliser of MurmurHash3.

    >>> spread_key("Riga", 32), spread_key("Oslo", 32)
    ((24, 1.0), (6, 1.0))
    """
    bits = zlib.crc32(key.encode("utf-8", "surrogatepass"))
    bits = ((bits ^ bits >> 16) * 0x85EBCA6B) & _BITS
    bits = ((bits ^ bits >> 13) * 0xC2B2AE35) & _BITS
    bits ^= bits >> 16
    return (bits >> 1) % buckets, 1.0 if bits & 1 else -1.0
