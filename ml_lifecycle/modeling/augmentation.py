"""Augmentation: rare classes in the training rows get more weight, more rows, or the frequent ones get fewer.

It takes the training samples and gives training samples; it never sees validation or test. Class weights are ours;
rows are drawn by imbalanced-learn, to which this is the only door. Which rows lie near each other, for SMOTE, is
`neighbourhood`; which method is taken is `AugmentationConfig`.

Models of augmented rows predict probabilities of the augmented shares: what ranks rows stays right, what counts
probabilities needs `modeling.calibration`, which is fitted on the untouched validation rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.dataset import AugmentationConfig
from ml_lifecycle.dataset.rows import mix
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.features.values import FeatureMatrix
from ml_lifecycle.modeling.neighbourhood import KnownNeighbours, Neighbourhood
from ml_lifecycle.modeling.samples import Samples

_CLASSES = (Kind.BINARY, Kind.MULTICLASS)


def augment(samples: Samples, config: AugmentationConfig, *, kind: Kind, seed: int) -> Samples:
    """Augment training samples: real rows first and as they were (or fewer of them), made rows after them.

    - class_weight: the weights of a rare class are multiplied, so that it counts `ratio` of the most frequent one; all
      weights then have the mean 1. No row is made or left out.
    - over: rows of rare classes are drawn again.
    - under: rows of frequent classes are left out.
    - smote: new rows between a row of a rare class and one of its neighbours of that class (Chawla et al. 2002).
      Numbers are mixed in proportion, also times and weights. A category is the most frequent one among the neighbours
      (SMOTENC, section 6.1). A missing number counts as the class's median while neighbours are sought, and is never
      mixed: where one parent lacks a number, the new row has what the nearer parent has. A class of one row is copied.

    Each made row has a `_row_id` of its own. The same samples, configuration and seed give the same result to the bit.

    Args:
        samples: Training rows.
        config: The method, how far classes are evened out, and SMOTE's neighbours.
        kind: The kind of problem.
        seed: Seed of what is drawn.

    Raises:
        ConfigError: The problem has no classes, or imbalanced-learn is not installed.
    """
    if config.method == "none":
        return samples
    if kind not in _CLASSES:
        raise ConfigError(
            f"a {kind} has no rare classes",
            expected="dataset.augmentation.method: none",
            got=config.method,
            advice="remove dataset.augmentation, or set brief.task to classification",
        )
    if config.method == "class_weight":
        return _weigh(samples, config.ratio)
    if config.method == "under":
        return _leave_out(samples, config.ratio, seed)
    wanted = _more_rows(samples.y, config.ratio)
    if not wanted:
        return samples
    return (
        _draw_again(samples, wanted, seed) if config.method == "over" else _make_between(samples, wanted, config, seed)
    )


def describe_augmentation(before: Samples, after: Samples) -> pd.DataFrame:
    """What augmentation did: one row per class code.

    Returns:
        `class`, `rows_before`, `rows_after`, `made` (rows that are not real), `weight_after` (share of all weight).
    """
    codes = np.unique(np.concatenate([before.y, after.y]))
    weight = np.ones(len(after)) if after.weight is None else after.weight
    made = ~np.isin(after.row_ids, before.row_ids)
    return pd.DataFrame(
        {
            "class": codes,
            "rows_before": [int((before.y == code).sum()) for code in codes],
            "rows_after": [int((after.y == code).sum()) for code in codes],
            "made": [int(made[after.y == code].sum()) for code in codes],
            "weight_after": [float(weight[after.y == code].sum() / weight.sum()) for code in codes],
        }
    )


def _weigh(samples: Samples, ratio: float) -> Samples:
    before = np.ones(len(samples)) if samples.weight is None else samples.weight
    codes, place = np.unique(samples.y, return_inverse=True)
    totals = np.bincount(place, weights=before, minlength=len(codes))
    factors = np.maximum(1.0, ratio * totals.max() / totals)
    weight = before * factors[place]
    return replace(samples, weight=weight / weight.mean())


def _more_rows(y: np.ndarray, ratio: float) -> dict[Any, int]:
    """How many rows each class that has too few shall have."""
    codes, counts = np.unique(y, return_counts=True)
    least = int(np.ceil(ratio * counts.max()))
    return {code: least for code, count in zip(codes.tolist(), counts, strict=True) if count < least}


def _leave_out(samples: Samples, ratio: float, seed: int) -> Samples:
    sampler = _imblearn("under_sampling").RandomUnderSampler
    codes, counts = np.unique(samples.y, return_counts=True)
    most = int(np.floor(counts.min() / ratio))
    wanted = {code: most for code, count in zip(codes.tolist(), counts, strict=True) if count > most}
    if not wanted:
        return samples
    return samples.take(np.sort(_drawn(sampler(sampling_strategy=wanted, random_state=seed), samples.y)))


def _draw_again(samples: Samples, wanted: Mapping[Any, int], seed: int) -> Samples:
    sampler = _imblearn("over_sampling").RandomOverSampler
    drawn = _drawn(sampler(sampling_strategy=dict(wanted), random_state=seed), samples.y)
    copies = samples.take(drawn[len(samples) :])
    return _append(samples, copies)


def _drawn(sampler: Any, y: np.ndarray) -> np.ndarray:  # noqa: ANN401 - a sampler of imbalanced-learn
    """Positions of the rows that a sampler draws; it is shown their numbers instead of their values."""
    sampler.fit_resample(np.arange(len(y)).reshape(-1, 1), y)
    return np.asarray(sampler.sample_indices_, dtype=np.intp)


def _make_between(samples: Samples, wanted: Mapping[Any, int], config: AugmentationConfig, seed: int) -> Samples:
    """Ask imbalanced-learn's SMOTE for mixtures of rows rather than of values.

    It is given the identity matrix for rows and the neighbours of each. A mixture then names its two parents and their
    shares, so that missing values, categories, times and weights can be treated as what they are.
    """
    from scipy import sparse

    sampler = _imblearn("over_sampling").SMOTE
    near = Neighbourhood.find(samples, list(wanted), count=config.neighbours, seed=seed)
    smote = sampler(sampling_strategy=dict(wanted), k_neighbors=KnownNeighbours(near.table), random_state=seed)
    mixtures, labels = smote.fit_resample(sparse.identity(len(samples), format="csr"), samples.y)
    heavy, light, share = _parents(mixtures[len(samples) :].tocsr())
    made = samples.take(heavy)
    values = _mix_values(samples.matrix, heavy, light, share, near)
    matrix = FeatureMatrix(values, samples.matrix.names, samples.matrix.categorical)
    mixed = replace(
        made,
        matrix=matrix,
        y=labels[len(samples) :],
        time=None if samples.time is None else _between(samples.time, heavy, light, share),
        weight=None if samples.weight is None else _blend(samples.weight[heavy], samples.weight[light], share),
    )
    return _append(samples, mixed)


def _parents(mixtures: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # noqa: ANN401 - a sparse matrix
    """The heavier and the lighter parent of each mixture, and the share of the lighter one, at most a half."""
    rows = np.repeat(np.arange(mixtures.shape[0]), np.diff(mixtures.indptr))
    order = np.lexsort((mixtures.indices, -mixtures.data, rows))
    parents, shares = mixtures.indices[order], mixtures.data[order]
    first = np.flatnonzero(np.diff(rows[order], prepend=-1))
    last = np.append(first[1:], len(rows)) - 1  # the same entry where a row was mixed with itself
    return parents[first], parents[last], np.where(last > first, shares[last], 0.0)


def _mix_values(
    matrix: FeatureMatrix, heavy: np.ndarray, light: np.ndarray, share: np.ndarray, near: Neighbourhood
) -> np.ndarray:
    values = matrix.values  # noqa: PD011 - a field of FeatureMatrix, not pandas
    mixed = _blend(values[heavy], values[light], share[:, None].astype(np.float32))
    # Where one parent lacks a number there is nothing to mix: the heavier one decides, and may lack it.
    mixed = np.where(np.isnan(mixed), values[heavy], mixed)
    for column in matrix.categorical:
        mixed[:, column] = near.usual_category(values[:, column], heavy)
    return np.ascontiguousarray(mixed, dtype=np.float32)


def _blend(heavy: np.ndarray, light: np.ndarray, share: np.ndarray) -> np.ndarray:
    return np.asarray(heavy + share * (light - heavy))


def _between(time: np.ndarray, heavy: np.ndarray, light: np.ndarray, share: np.ndarray) -> np.ndarray:
    step = (time[light] - time[heavy]).astype(np.int64) * share
    return np.asarray(time[heavy] + step.astype(np.int64).astype(f"timedelta64[{np.datetime_data(time.dtype)[0]}]"))


def _append(real: Samples, made: Samples) -> Samples:
    """Real rows and made ones below them, each of which gets a name that no real training row has."""
    values = np.concatenate([real.matrix.values, made.matrix.values])  # noqa: PD011 - a field of FeatureMatrix
    return Samples(
        FeatureMatrix(values, real.matrix.names, real.matrix.categorical),
        np.concatenate([real.y, made.y]).astype(real.y.dtype),
        np.concatenate([real.row_ids, _new_ids(real.row_ids, len(made))]),
        time=None if real.time is None or made.time is None else np.concatenate([real.time, made.time]),
        weight=None if real.weight is None or made.weight is None else np.concatenate([real.weight, made.weight]),
    )


def _new_ids(real: np.ndarray, count: int) -> np.ndarray:
    """Names for made rows: none of a training row, and of 64 bits as those of all others, so that none will clash."""
    salt = mix(np.array([np.bitwise_xor.reduce(real.astype(np.int64).view(np.uint64))], dtype=np.uint64))
    found = np.empty(0, dtype=np.int64)
    tried = 0
    while len(found) < count:
        numbers = np.arange(tried, tried + count - len(found), dtype=np.uint64)
        fresh = mix(numbers ^ salt).view(np.int64)  # a bijection: different numbers are different names
        found = np.concatenate([found, fresh[~np.isin(fresh, real)]])
        tried += len(numbers)
    return found


def _imblearn(module: str) -> Any:  # noqa: ANN401 - a module
    import importlib

    try:
        return importlib.import_module(f"imblearn.{module}")
    except ImportError as error:
        raise ConfigError(
            "dataset.augmentation draws rows with imbalanced-learn, which is not installed",
            expected="the package imbalanced-learn",
            got=str(error),
            advice='install it with `pip install "ml-lifecycle[imbalanced]"`, or use the method class_weight',
        ) from error
