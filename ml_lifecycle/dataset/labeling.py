"""Weak supervision: rows without a label get one from rules, with a weight that says how far it is believed.

What a rule says about a row is `labeling_functions`, how votes become probabilities is `label_model`. Guessed labels
are learnt from with their weight; that nothing is judged by them is seen to in `splits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.brief import Task
from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.config.labeling import LabelingConfig
from ml_lifecycle.dataset.label_model import combine
from ml_lifecycle.dataset.labeling_functions import SILENT, Label, Votes, collect_votes, label_key
from ml_lifecycle.dataset.rows import ROW_ID, SPLIT, TEST, VALIDATION, WEIGHT, factorize, is_missing, text_of
from ml_lifecycle.dataset.splits import split_rows
from ml_lifecycle.errors import ConfigError, DataError, TargetError
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Fact, Verdict

_COUNTS: Final = ("rows", "known", "covered", "guessed", "agreeing", "comparable")
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Labeled:
    """Rows with known and guessed labels.

    Args:
        frame: The rows, with the target filled where it was guessed, and `_weight`: 1 for known labels (and for rows
            that stay without one), the probability of the label, below 1, for guessed ones.
        probabilities: Rows without a known label that rules speak about: `_row_id` where there is one, `label` (the
            likeliest, as text), `confidence`, `used` (whether it was sure enough), `p_<label>` for each label.
        functions: One row per rule: `function`, `coverage` (share of rows it speaks about), `overlaps` (and another
            does too), `conflicts` (and another says something else), `estimated_accuracy` (how often the label model
            thinks it is right when it speaks), `empirical_accuracy` and `compared_rows` (on known labels; NaN without).
        counts: Rows; known labels; `covered` by a rule or a known label; `guessed`; and of the known labels that rules
            speak about (`comparable`), those the rules would have guessed (`agreeing`).
    """

    frame: pd.DataFrame
    probabilities: pd.DataFrame
    functions: pd.DataFrame
    counts: Mapping[str, int] = field(default_factory=dict)

    def to_parts(self) -> Parts:
        """Three tables; the counts are columns of the rules' table."""
        functions = self.functions.assign(**{f"_{name}": self.counts[name] for name in _COUNTS})
        return Parts({"rows": self.frame, "probabilities": self.probabilities, "functions": functions})

    @classmethod
    def from_parts(cls, parts: Parts) -> Self:
        """Put them together again."""
        stored = parts.tables["functions"]
        counts = {name: int(stored[f"_{name}"].iloc[0]) for name in _COUNTS}
        functions = stored.drop(columns=[f"_{name}" for name in _COUNTS])
        return cls(parts.tables["rows"], parts.tables["probabilities"], functions, counts)


def label_dataset(frame: pd.DataFrame, config: DatasetConfig, *, target: str, task: Task) -> Labeled:
    """Guess the labels of a project's rows; those that will be judged by teach the label model nothing.

    Which rows these are is what `split_rows` says of the known labels, which guesses do not change. Where these cannot
    be divided (none is known, or too few), all of them are learnt from.

    Args:
        frame: Validated rows with `_row_id`.
        config: The rules under `labeling`, the roles of columns and the split.
        target: The column of the labels.
        task: What is asked for.

    Raises:
        ConfigError: There are no rules, one cannot be read or evaluated, or a package is missing.
        DataError: A function of the user fails, or the rows have weights already.
        TargetError: A rule's label does not fit the type of the known ones.
    """
    if config.labeling is None:
        raise ConfigError(
            "labels cannot be guessed",
            expected="rules under dataset.labeling",
            got="none",
            advice="write some, or leave this step out",
        )
    try:
        assignment = split_rows(frame, config, target=target, task=task).assignment
    except DataError:
        return label_rows(frame, config.labeling, target=target)
    judged = assignment.loc[assignment[SPLIT].isin([VALIDATION, TEST]), ROW_ID]
    return label_rows(frame, config.labeling, target=target, unseen=judged.to_numpy(dtype=np.int64))


def label_rows(
    frame: pd.DataFrame, config: LabelingConfig, *, target: str, unseen: npt.NDArray[np.int64] | None = None
) -> Labeled:
    """Guess the labels that are not known; those that are known are never changed.

    Rules see neither the target nor reserved columns. Known labels are believed: the label model takes them as given
    and is corrected by them. Labels that no rule votes for are never guessed.

    Args:
        frame: Rows, with or without `_row_id`.
        config: The rules, the label model and how sure a guess must be.
        target: The column of the labels; it may be absent where none is known.
        unseen: `_row_id` of rows whose known labels the label model may not learn from, since something is judged by
            them; they are compared with the rules all the same.

    Raises:
        ConfigError: A rule cannot be read or evaluated, or a package is missing.
        DataError: A function of the user fails, or the rows have weights already.
        TargetError: A rule's label does not fit the type of the known ones.
    """
    if WEIGHT in frame.columns:
        raise DataError(
            f"the rows have a column {WEIGHT!r}",
            expected="no column of this name, which is reserved for how far a label is believed",
            advice="rename the column in the source, or label the rows before they were labelled",
        )
    truth = frame[target] if target in frame.columns else pd.Series(np.nan, index=frame.index, name=target)
    known = truth.notna().to_numpy()
    visible = [column for column in frame.columns if column != target and not str(column).startswith("_")]
    votes = collect_votes(frame[visible], config)
    places, names = _known_places(truth, votes)
    learnt = places if unseen is None else np.where(frame[ROW_ID].isin(unseen), np.int16(SILENT), places)
    probabilities = combine(votes, learnt, config)
    best = probabilities.argmax(axis=1) if votes.labels else np.zeros(len(frame), dtype=np.intp)
    confidence = probabilities.max(axis=1, initial=0.0)
    used = ~known & votes.covered & (confidence >= config.min_confidence)
    labelled = frame.copy(deep=False)
    labelled[target] = _fill(truth, used, best, names)
    labelled[WEIGHT] = np.where(used, confidence, 1.0)
    comparable = (places != SILENT) & votes.covered
    counts = {
        "rows": len(frame),
        "known": int(known.sum()),
        "covered": int((known | votes.covered).sum()),
        "guessed": int(used.sum()),
        "agreeing": int((best == places)[comparable].sum()),
        "comparable": int(comparable.sum()),
    }
    table = _probability_table(frame, probabilities, names, shown=~known & votes.covered, used=used)
    return Labeled(labelled, table, _describe(votes, places, probabilities), counts)


def judge_coverage(labeled: Labeled, config: LabelingConfig) -> Verdict:
    """label_coverage: rules and known labels cover enough rows.

    Args:
        labeled: What `label_rows` gave.
        config: Says how many are enough.
    """
    counts = labeled.counts
    share = counts["covered"] / max(counts["rows"], 1)
    facts: dict[str, Fact] = {**counts, "share": round(share, 6), "limit": config.min_coverage}
    if counts["comparable"]:
        facts["agreement_with_known"] = round(counts["agreeing"] / counts["comparable"], 6)
    return Verdict(
        gate="label_coverage",
        passed=counts["rows"] > 0 and share >= config.min_coverage,
        summary=f"Rules and known labels cover {counts['covered']:,} of {counts['rows']:,} rows ({share:.1%}), where "
        f"{config.min_coverage:.0%} is the least; {counts['guessed']:,} labels are guessed, {counts['known']:,} known.",
        facts=facts,
        advice="write rules for the rows that none speaks about, or lower dataset.labeling.min_coverage",
    )


def _known_places(truth: pd.Series, votes: Votes) -> tuple[npt.NDArray[np.int16], list[Label]]:
    """The place of each known label among those that rules vote for, and these labels as the target writes them."""
    codes, distinct = factorize(truth)
    place = {label_key(label): number for number, label in enumerate(votes.labels)}
    places = [SILENT if is_missing(value) else place.get(label_key(value), SILENT) for value in distinct]
    names = list(votes.labels)
    for value, number in zip(distinct, places, strict=True):
        if number != SILENT:
            names[number] = value
    return np.array([*places, SILENT], dtype=np.int16)[codes], names


def _fill(truth: pd.Series, used: Mask, best: npt.NDArray[np.intp], names: list[Label]) -> pd.Series:
    """The target with guesses in place of what is missing, of the type that it had where that can hold them."""
    if not used.any():
        return truth
    cells = np.array(truth.astype(object), dtype=object)
    cells[used] = np.array([*names, None], dtype=object)[best[used]]
    if truth.isna().all() or truth.dtype == object or isinstance(truth.dtype, pd.CategoricalDtype):
        return pd.Series(cells, index=truth.index, name=truth.name, dtype=object).infer_objects()
    try:
        return pd.Series(cells, index=truth.index, name=truth.name, dtype=truth.dtype)
    except (ValueError, TypeError) as error:
        raise TargetError(
            f"guessed labels do not fit the target {truth.name!r}",
            expected=f"labels of the type {truth.dtype}, such as {truth.dropna().iloc[0]!r}",
            got=f"{names[:5]}",
            advice="write the labels under dataset.labeling.functions as the target has them",
        ) from error


def _probability_table(
    frame: pd.DataFrame, probabilities: npt.NDArray[np.float64], names: list[Label], *, shown: Mask, used: Mask
) -> pd.DataFrame:
    texts = np.array([text_of(name) for name in names], dtype=object)
    part = probabilities[shown]
    columns: dict[str, Any] = {ROW_ID: frame.loc[shown, ROW_ID].to_numpy()} if ROW_ID in frame.columns else {}
    columns["label"] = texts[part.argmax(axis=1)] if len(part) else np.empty(0, dtype=object)
    columns["confidence"] = part.max(axis=1, initial=0.0)
    columns["used"] = used[shown]
    return pd.DataFrame(columns | {f"p_{name}": part[:, place] for place, name in enumerate(texts)})


def _describe(votes: Votes, known: npt.NDArray[np.int16], probabilities: npt.NDArray[np.float64]) -> pd.DataFrame:
    spoken = votes.matrix != SILENT
    others = spoken.sum(axis=1)
    rows = []
    for rule, name in enumerate(votes.names):
        says, vote = spoken[:, rule], votes.matrix[:, rule]
        against = (spoken & (votes.matrix != vote[:, None])).any(axis=1)
        compared = says & (known != SILENT)
        # A known label is certain, whatever the rules would have made of it.
        right = np.where(known[says] != SILENT, known[says] == vote[says], probabilities[says, vote[says]])
        rows.append(
            {
                "function": name,
                "coverage": float(says.mean()) if len(says) else 0.0,
                "overlaps": float((says & (others > 1)).mean()) if len(says) else 0.0,
                "conflicts": float((says & against).mean()) if len(says) else 0.0,
                "estimated_accuracy": float(right.mean()) if says.any() else np.nan,
                "empirical_accuracy": float((known == vote)[compared].mean()) if compared.any() else np.nan,
                "compared_rows": int(compared.sum()),
            }
        )
    return pd.DataFrame(rows)
