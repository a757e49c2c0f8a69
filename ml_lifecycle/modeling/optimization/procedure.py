"""A predictor's model profiled, tried in other forms, and one of them taken. The parts of it live beside this module.

Calibration, decision and intervals stay as they were fitted to the model as it was: fitted anew on the rows that forms
are judged on, they would favour the forms. What a form costs them counts as its loss.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ml_lifecycle.config.optimize import OptimizeConfig, Variant
from ml_lifecycle.modeling.estimators import FittedModel
from ml_lifecycle.modeling.optimization.choice import Compare, Difference, choose, judge_quality_kept, speed_of
from ml_lifecycle.modeling.optimization.forms import ORIGINAL, Attempt, Form, Refused
from ml_lifecycle.modeling.optimization.profile import Profile, measure_profiles
from ml_lifecycle.modeling.optimization.variants import Means, make_form
from ml_lifecycle.modeling.predictor import Predictor
from ml_lifecycle.modeling.samples import Samples
from ml_lifecycle.verdict import Verdict

_NO = float("nan")


@dataclass(frozen=True, slots=True)
class Optimized:
    """What came of it.

    Args:
        predictor: With the model in the form that was taken.
        chosen: The name of that form; `original` for the model as it was.
        table: One row per form: `form`, `rounds`, the figures of `Profile`, `speed` (times as fast as the original),
            `value`, `difference`, `low`, `high` (of the metric on validation), `kept`, `chosen`, `note`.
        profile: What the form that was taken costs.
        verdict: The gate `quality_kept`.
        forms: The forms that could be made, by name.
    """

    predictor: Predictor
    chosen: str
    table: pd.DataFrame
    profile: Profile
    verdict: Verdict
    forms: Mapping[str, Form]

    @property
    def summary(self) -> str:
        """What was done, in a sentence."""
        tried = ", ".join(self.table["form"].iloc[1:])
        if not tried:
            return "The model was profiled and is taken as it is."
        return f"Tried: {tried}. Taken: {'the model as it is' if self.chosen == ORIGINAL else self.chosen}."


def optimize(
    predictor: Predictor,
    valid: Samples,
    config: OptimizeConfig,
    *,
    compare: Compare,
    train: Callable[[], Samples],
    metric: str,
) -> Optimized:
    """Profile a model, try the forms that the YAML names, and take one by its rule.

    Args:
        predictor: The predictor as it was trained.
        valid: Validation rows.
        config: Section `modeling.optimize`.
        compare: Compares predictions of the validation rows with those of `predictor`.
        train: Gives training rows.
        metric: The name of the metric behind `compare`.

    Raises:
        ConfigError: A form needs an extra or a compiler that is not installed.
    """
    values = valid.matrix.select(predictor.model.facts.names).values  # noqa: PD011 - no frame
    original = Form.of(ORIGINAL, predictor.model)

    def judge(predict: Callable[[np.ndarray], np.ndarray]) -> Difference:
        return compare(correct(predictor, predict(values)))

    def keeps_quality(model: FittedModel) -> bool:
        return not judge(model.predict).is_lost(config.tolerance)

    means = Means(config, keeps_quality, train, values)
    attempts: list[Attempt] = [original, *(make_form(name, predictor.model, means) for name in _distinct(config))]
    forms = {attempt.name: attempt for attempt in attempts if isinstance(attempt, Form)}
    found = {name: judge(form.predict) for name, form in forms.items()} if len(attempts) > 1 else {}
    profiles = measure_profiles(list(forms.values()), values, batch_rows=config.profile_rows)
    allowed = {name for name, form in forms.items() if form.model is not None and name in found}
    allowed = {name for name in allowed if not found[name].is_lost(config.tolerance)}
    costs = {name: (form.model.iterations, form.size_bytes) for name, form in forms.items() if form.model is not None}
    chosen = choose(costs, config.choose, allowed=allowed)
    taken = forms[chosen].model
    changed = predictor if chosen == ORIGINAL or taken is None else replace(predictor, model=taken)
    difference = None if chosen == ORIGINAL else found[chosen]
    return Optimized(
        changed,
        chosen,
        _tabulate(attempts, profiles, found, chosen=chosen, tolerance=config.tolerance),
        profiles[chosen],
        judge_quality_kept(chosen, difference, metric=metric, tolerance=config.tolerance),
        forms,
    )


def correct(predictor: Predictor, predictions: np.ndarray) -> np.ndarray:
    """A model's predictions after the predictor's calibration."""
    return predictions if predictor.calibrator is None else predictor.calibrator.transform(predictions)


def _distinct(config: OptimizeConfig) -> list[Variant]:
    return list(dict.fromkeys(config.variants))


def _tabulate(
    attempts: Sequence[Attempt],
    profiles: Mapping[str, Profile],
    found: Mapping[str, Difference],
    *,
    chosen: str,
    tolerance: float,
) -> pd.DataFrame:
    rows = []
    for attempt in attempts:
        if isinstance(attempt, Refused):
            rows.append({"form": attempt.name, "kept": False, "chosen": False, "note": attempt.reason})
            continue
        judged = found.get(attempt.name, Difference(_NO, _NO, _NO, _NO))
        rows.append(
            {
                "form": attempt.name,
                "rounds": None if attempt.model is None else attempt.model.iterations,
                **profiles[attempt.name].to_dict(),
                "speed": speed_of(profiles[attempt.name], profiles[ORIGINAL]),
                "value": judged.value,
                "difference": judged.difference,
                "low": judged.low,
                "high": judged.high,
                "kept": attempt.name == ORIGINAL or not judged.is_lost(tolerance),
                "chosen": attempt.name == chosen,
                "note": attempt.note,
            }
        )
    return pd.DataFrame(rows)
