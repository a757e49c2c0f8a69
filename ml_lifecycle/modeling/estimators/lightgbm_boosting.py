"""LightGBM's rounds: judged one by one, seeded by segment, and resumed from a checkpoint to the byte.

LightGBM's generators of bags, features, thresholds and XE-NDCG's noise keep a state that its text does not hold. At
each segment (`checkpoints`) they are therefore seeded anew, which costs about a millisecond. A resumed fit takes the
trees of the checkpoint as its beginning: LightGBM computes their sums in the order in which boosting made them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import lightgbm as lgb
import numpy as np

from ml_lifecycle.modeling.estimators.checkpoints import SEGMENT, Checkpoint, segment_seeds
from ml_lifecycle.modeling.estimators.lightgbm_data import BinnedSamples, make_dataset, make_settings
from ml_lifecycle.modeling.estimators.rounds import RoundWatch
from ml_lifecycle.modeling.search_space import Parameter

#: What LightGBM draws by.
_SEEDS = ("bagging_seed", "feature_fraction_seed", "extra_seed", "objective_seed")
#: LightGBM makes its bags anew only where their share changed: by as little as this, and back.
_NUDGE = 1 - 1e-6


def boost(
    prepared: BinnedSamples, parameters: Mapping[str, Parameter], watch: RoundWatch, checkpoint: Checkpoint
) -> str:
    """Boost until the watch says stop.

    Args:
        prepared: The samples.
        parameters: Hyperparameters.
        watch: Judges and counts the rounds.
        checkpoint: Where progress is kept.

    Returns:
        The model at its best round, as LightGBM's text.
    """
    settings: dict[str, Any] = {**make_settings(prepared), **parameters}
    segment = _segment(settings)
    stored = checkpoint.read(watch)
    if stored is None:
        booster = lgb.Booster({**settings, **_seeds(settings, 0)}, prepared.binned_train)
        if watch.scores and prepared.binned_valid is not None:
            booster.add_valid(prepared.binned_valid, "validation")
        stop, pending = False, False
    else:
        booster = _resume(stored.decode(), prepared, {**settings, **_seeds(settings, watch.done // segment)}, watch)
        stop, pending = False, True  # resuming makes a round
    while not stop:
        done = watch.done
        if done and done % segment == 0 and not pending:
            if checkpoint.due:
                checkpoint.write(watch, booster.model_to_string(num_iteration=-1).encode())
            _seed_anew(booster, settings, done // segment)
        exhausted = False if pending else booster.update()
        pending = False
        due = watch.is_due(done + 1) or (exhausted and watch.scores)
        stop = watch.see(done + 1, _judge(booster, watch) if due else None)
        if exhausted and not stop:  # no leaf can be split any more: further rounds would add nothing
            watch.stopped = "most"
            break
    # The text ends with the settings: the same ones for the same trees, however many rounds came after the best one.
    booster.reset_parameter({**_seeds(settings, 0), "num_iterations": watch.best_round})
    checkpoint.remove()
    return str(booster.model_to_string(num_iteration=watch.best_round))


def _segment(settings: Mapping[str, Any]) -> int:
    """Rounds of a segment: a multiple of the rounds that share a bag."""
    every = max(int(settings.get("bagging_freq", 0)), 1)
    return -(-SEGMENT // every) * every


def _seeds(settings: Mapping[str, Any], segment: int) -> dict[str, int]:
    return dict(zip(_SEEDS, segment_seeds(int(settings["seed"]), segment, len(_SEEDS)), strict=True))


def _seed_anew(booster: lgb.Booster, settings: Mapping[str, Any], segment: int) -> None:
    changes: dict[str, Any] = _seeds(settings, segment)
    if settings["objective"] == "rank_xendcg":  # named again, it is made again with its seed
        changes |= {name: settings[name] for name in ("objective", "label_gain")}
    share = float(settings.get("bagging_fraction", 1.0))
    if share < 1.0 and int(settings.get("bagging_freq", 0)) > 0:
        booster.reset_parameter({"bagging_fraction": share * _NUDGE})
        changes["bagging_fraction"] = share
    booster.reset_parameter(changes)


def _resume(text: str, prepared: BinnedSamples, settings: dict[str, Any], watch: RoundWatch) -> lgb.Booster:
    """A booster that goes on from a text, one round further: LightGBM offers it by training only."""
    train = make_dataset(
        prepared.train, prepared.goal, prepared.binning, reference=prepared.binned_train, keep_values=True
    )
    valid = None
    if watch.scores and prepared.valid is not None:
        valid = make_dataset(prepared.valid, prepared.goal, prepared.binning, reference=train, keep_values=True)
    return lgb.train(
        settings,
        train,
        num_boost_round=1,
        init_model=lgb.Booster(model_str=text),
        valid_sets=None if valid is None else [valid],
        valid_names=None if valid is None else ["validation"],
        keep_training_booster=True,
    )


def _judge(booster: lgb.Booster, watch: RoundWatch) -> float:
    found: list[float] = []

    def judge(predictions: np.ndarray, _: lgb.Dataset) -> tuple[str, float, bool]:
        found.append(watch.score_of(predictions))
        return "score", found[-1], True

    booster.eval_valid(judge)
    return found[-1]
