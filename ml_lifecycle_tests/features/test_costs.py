"""What features cost."""

from __future__ import annotations

import pandas as pd

from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.features.costs import measure_costs
from ml_lifecycle.features.extraction import FeatureExtractor

FRAME = pd.DataFrame({"age": [30.0, None], "note": ["fast car", "fresh bread"]})
CONFIG = FeaturesConfig.model_validate(
    {"columns": {"note": {"encode": "text"}}, "ratios": [{"numerator": "age", "denominator": "age", "name": "one"}]}
)
EXTRACTOR = FeatureExtractor.fit(FRAME, CONFIG, columns=["age", "note"], event_time=None)


def test_every_encoder_and_derivation_has_its_cost() -> None:
    """The table names each with its features, the dearest first, and the shares sum up to one."""
    costs = measure_costs(EXTRACTOR, FRAME)
    assert costs["column"].iloc[0] == "note"
    assert sorted(costs["kind"]) == ["number", "number", "ratio", "text"]
    assert costs["features"].sum() == len(EXTRACTOR.names)
    assert abs(costs["share"].sum() - 1) < 1e-9
    assert costs["microseconds"].is_monotonic_decreasing


def test_without_rows_nothing_is_measured() -> None:
    """No rows to try cost nothing, and that is no error."""
    assert measure_costs(EXTRACTOR, FRAME.head(0))["microseconds"].tolist() == [0, 0, 0, 0]
