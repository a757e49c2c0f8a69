"""Label models: from the votes of rules to a probability for each label. The one door to crowd-kit.

Dawid and Skene (1979) learn from agreement alone how far each rule is to be believed. Their model takes a rule that
says nothing about a row as absent; but a rule that can vote for one label only, as most written rules do, then says the
same whenever it speaks, and nothing could be learnt of it. So where a rule leaves a label unused, its silence is given
to the model as a vote for that one: what a rule's votes mean is learnt, whatever they are called.

Rules that are wrong together deceive any model that learns from agreement. Where labels are known they have the last
word: rows with the same votes get what is known of such rows, weighed against what the model says.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.labeling import LabelingConfig
from ml_lifecycle.dataset.labeling_functions import SILENT, Votes
from ml_lifecycle.errors import ConfigError

Probabilities = npt.NDArray[np.float64]
Places = npt.NDArray[np.int16]

#: Rows that the model learns from at most; crowd-kit takes seconds for so many, and all rows are then labelled by it.
LEARNT_ROWS = 10_000
#: Known labels that must speak against a model before they outweigh it (a Dirichlet prior of that strength).
PRIOR_ROWS = 5.0
_LEAST = 1e-3  # no vote is taken as impossible under a label, just because the rows learnt from lacked it
_SURE = 1 - 1e-9
"""The most a guess is believed: 1 is for labels that are known."""


def combine(votes: Votes, known: Places, config: LabelingConfig) -> Probabilities:
    """The probability of each label for each row, below 1 for every guess.

    Args:
        votes: What the rules say.
        known: (n,) the place among `votes.labels` of labels that are known, `SILENT` elsewhere.
        config: Names the model.

    Returns:
        (n, labels); equal ones where no rule says anything.

    Raises:
        ConfigError: crowd-kit is needed and not installed.
    """
    count = len(votes.labels)
    if count == 0:
        return np.empty((len(votes.matrix), 0))
    patterns, place = _patterns(votes.matrix, count)
    if config.model == "majority" or count == 1:
        found = _majority(patterns, count)
    else:
        found = _dawid_skene(patterns, place, known, count)
    found = _correct(found, place, known)
    found[~(patterns != SILENT).any(axis=1)] = 1 / count
    return np.minimum(found, _SURE)[place]


def _patterns(matrix: Places, count: int) -> tuple[Places, npt.NDArray[np.intp]]:
    """The different rows of votes, and which of them each row has: what depends on votes is done once for each."""
    place = np.zeros(len(matrix), dtype=np.int64)
    for column in matrix.T:
        place = pd.factorize(place * (count + 1) + column + 1)[0].astype(np.int64)
    first = np.flatnonzero(~pd.Series(place).duplicated().to_numpy())
    return matrix[first], place


def _majority(patterns: Places, count: int) -> Probabilities:
    """The share of votes for each label."""
    shares = np.stack([(patterns == label).sum(axis=1) for label in range(count)], axis=1).astype(np.float64)
    return np.asarray(shares / np.maximum(shares.sum(axis=1, keepdims=True), 1))


def _correct(found: Probabilities, place: npt.NDArray[np.intp], known: Places) -> Probabilities:
    """Let known labels correct the probabilities of rows with the same votes: the model counts as `PRIOR_ROWS`."""
    held = np.zeros_like(found)
    sure = known != SILENT
    np.add.at(held, (place[sure], known[sure].astype(np.intp)), 1)
    return np.asarray((PRIOR_ROWS * found + held) / (PRIOR_ROWS + held.sum(axis=1, keepdims=True)))


def _dawid_skene(patterns: Places, place: npt.NDArray[np.intp], known: Places, count: int) -> Probabilities:
    spoken = (patterns != SILENT).any(axis=1)
    answers = _with_silence(patterns, count)
    start = _majority(patterns, count)
    learnt = _learnt_rows(spoken[place], known)
    if not len(learnt):
        return start
    model = _fit(answers[place[learnt]], start[place[learnt]], known[learnt], count)
    return _apply(answers, model, count)


def _with_silence(patterns: Places, count: int) -> Places:
    """The votes, with silence as a vote for a label that the rule never votes for, where there is one."""
    answers = patterns.copy()
    for column in answers.T:
        unused = np.setdiff1d(np.arange(count), column)
        if len(unused):
            column[column == SILENT] = unused[0]
    return answers


def _learnt_rows(spoken: npt.NDArray[np.bool_], known: Places) -> npt.NDArray[np.intp]:
    """Rows to learn from, drawn where there are too many; those with a known label first, up to a half."""
    rows = np.flatnonzero(spoken)
    if len(rows) <= LEARNT_ROWS:
        return rows
    drawn = np.random.default_rng(0).permutation(rows)
    sure = drawn[known[drawn] != SILENT][: LEARNT_ROWS // 2]
    others = drawn[~np.isin(drawn, sure)][: LEARNT_ROWS - len(sure)]
    return np.sort(np.concatenate([sure, others]))


def _fit(answers: Places, start: Probabilities, known: Places, count: int) -> Any:  # noqa: ANN401 - crowd-kit's model
    """Fit crowd-kit's model; known labels are held fast, and the first guess is the majority of what was said."""
    model = _crowdkit().DawidSkene(n_iter=100, initial_error_strategy="assign")
    task, worker = np.nonzero(answers != SILENT)
    data = pd.DataFrame({"task": task, "worker": worker, "label": answers[task, worker].astype(np.int64)})
    sure = np.flatnonzero(known != SILENT)
    start[sure] = np.eye(count)[known[sure]]
    # One more of everything, so that no rule is taken for infallible before anything was learnt.
    tables = {
        (rule, vote): start[answers[:, rule] == vote].sum(axis=0) + 1
        for rule, vote in data[["worker", "label"]].drop_duplicates().itertuples(index=False)
    }
    errors = pd.DataFrame.from_dict(tables, orient="index", columns=range(count))
    errors.index = pd.MultiIndex.from_tuples(tables, names=["worker", "label"])
    labels = pd.Series(known[sure].astype(np.int64), index=pd.Index(sure, name="task"))
    seen = labels[labels.isin(data["label"].unique())]
    return model.fit(data, true_labels=seen if len(seen) else None, initial_error=errors)


def _apply(answers: Places, model: Any, count: int) -> Probabilities:  # noqa: ANN401
    """The posterior of each pattern of votes by Bayes' rule, with the shares and errors that were learnt."""
    labels = range(count)
    priors = model.priors_.reindex(labels).fillna(0).clip(lower=_LEAST).to_numpy(dtype=np.float64)
    logs = np.tile(np.log(priors), (len(answers), 1))
    for rule in model.errors_.index.get_level_values("worker").unique():
        errors = model.errors_.loc[rule].reindex(index=labels, columns=labels).fillna(0).clip(lower=_LEAST)
        spoken = answers[:, rule] != SILENT
        logs[spoken] += np.log(errors.to_numpy(dtype=np.float64))[answers[spoken, rule]]
    scaled = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(scaled / scaled.sum(axis=1, keepdims=True))


def _crowdkit() -> Any:  # noqa: ANN401 - a module
    try:
        from crowdkit import aggregation
    except ImportError as error:
        raise ConfigError(
            "dataset.labeling.model: dawid_skene needs crowd-kit, which is not installed",
            expected="the package crowd-kit",
            got=str(error),
            advice='install it with `pip install "ml-lifecycle[labeling]"`, or set the model to majority',
        ) from error
    return aggregation
