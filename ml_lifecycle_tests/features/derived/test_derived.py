"""Crosses, ratios and functions: what they make, and what they refuse."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.features import FeaturesConfig
from ml_lifecycle.errors import DataError, LifecycleError, PackageError
from ml_lifecycle.features.derived.registry import derivation_from_dict
from ml_lifecycle.features.extraction import FeatureExtractor

HERE = "ml_lifecycle_tests.features.derived.examples"
TRAIN = pd.DataFrame(
    {
        "city": ["Riga", "Oslo", "Riga", None],
        "zone": [1, 2, 1, 2],
        "income": [10.0, 20.0, None, 5.0],
        "debt": [5.0, 0.0, 3.0, None],
        "when": pd.to_datetime(["2026-01-01T10:00", None, "2026-01-03T00:00", "2026-01-04T00:00"]),
        "paid": [0, 1, 0, 1],
    }
)
COLUMNS = ["city", "zone", "income", "debt", "when"]


def fit(**features: Any) -> FeatureExtractor:
    """Fit an extractor on all columns but the target."""
    return FeatureExtractor.fit(TRAIN, FeaturesConfig.model_validate(features), columns=COLUMNS, event_time="when")


def features_of(extractor: FeatureExtractor, *names: str) -> np.ndarray:
    """Some features of the training rows; single rows of the stored extractor must have the same bits."""
    matrix = extractor.transform(TRAIN)
    served = FeatureExtractor.from_dict(json.loads(json.dumps(extractor.to_dict())))
    rows = np.array([served.transform_row(row) for row in TRAIN.to_dict(orient="records")])
    np.testing.assert_array_equal(rows, matrix.values)
    return matrix.select(names).values  # noqa: PD011 - not a frame


def test_a_cross_is_one_category() -> None:
    """Equal pairs have one code; a pair with a missing cell is missing; sources are both columns."""
    extractor = fit(crosses=[["city", "zone"]])
    np.testing.assert_array_equal(features_of(extractor, "city__x__zone")[:, 0], [0, 1, 0, np.nan])
    assert extractor.sources_of("city__x__zone") == ("city", "zone")
    assert extractor.source_of("city__x__zone") == "city"
    never_together = extractor.transform_row(TRAIN.iloc[0].to_dict() | {"zone": 2})
    assert never_together[extractor.names.index("city__x__zone")] == 2


def test_a_cross_of_three_can_be_encoded_otherwise() -> None:
    """Derived columns are configured like any other."""
    extractor = fit(
        crosses=[["city", "zone", "debt"]], columns={"city__x__zone__x__debt": {"encode": "one_hot"}}, max_categories=2
    )
    assert features_of(extractor, "city__x__zone__x__debt=Oslo | 2 | 0")[:, 0].tolist() == [0, 1, 0, 0]


def test_a_ratio_by_zero_is_missing() -> None:
    """Numerator over denominator, missing where one is missing or the denominator is 0."""
    extractor = fit(ratios=[{"numerator": "income", "denominator": "debt"}])
    np.testing.assert_array_equal(features_of(extractor, "income_per_debt")[:, 0], [2, np.nan, np.nan, np.nan])


def test_a_function_makes_columns() -> None:
    """Numbers, dates and text reach the function typed; what it gives is encoded by its type."""
    extractor = fit(functions=[f"{HERE}:good", f"{HERE}:series"], columns={"double": {"impute": "zero"}})
    found = features_of(extractor, "rich", "late", "initial", "double")
    np.testing.assert_array_equal(found, [[0, 600, 0, 20], [1, -60, 1, 40], [0, 0, 0, 0], [0, 0, np.nan, 10]])
    assert extractor.sources_of("late") == ("income", "when", "city")


def test_only_what_is_selected_is_derived() -> None:
    """A selection without derived features needs neither the function nor its columns."""
    extractor = fit(functions=[f"{HERE}:good"], crosses=[["city", "zone"]]).select(["debt", "city__x__zone"])
    assert extractor.columns == ("debt", "city", "zone")
    assert extractor.required_columns == ("zone",)
    assert [step.kind for step in extractor.derivations] == ["cross"]


def test_an_absent_input_is_missing_where_it_may_be() -> None:
    """Inputs with gaps in training may be absent, others must be there: for row and batch alike."""
    extractor = fit(crosses=[["city", "zone"]]).select(["city__x__zone"])
    assert np.isnan(extractor.transform_row({"zone": 1})).all()
    assert np.isnan(extractor.transform(TRAIN[["zone"]]).values).all()
    for attempt in (lambda: extractor.transform_row({"city": "Riga"}), lambda: extractor.transform(TRAIN[["city"]])):
        with pytest.raises(DataError, match="'zone' is absent"):
            attempt()


def test_a_bad_cell_of_an_input_is_named() -> None:
    """Text where a ratio wants a number is refused with its column, by row and batch."""
    extractor = fit(ratios=[{"numerator": "income", "denominator": "debt", "name": "r"}]).select(["r"])
    row = {"income": "much", "debt": 1.0}
    for attempt in (lambda: extractor.transform_row(row), lambda: extractor.transform(pd.DataFrame([row]))):
        with pytest.raises(DataError, match=r"'income'.*'much'"):
            attempt()


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"functions": [f"{HERE}:undeclared"]}, "reads"),
        ({"functions": [f"{HERE}:absent"]}, "importable"),
        ({"functions": ["no.such.module:f"]}, "importable"),
        ({"functions": ["os:system"]}, "reads"),
        ({"functions": [f"{HERE}:unnamed"]}, "unnamed Series"),
        ({"functions": [f"{HERE}:failing"]}, "KeyError"),
        ({"functions": [f"{HERE}:centred"]}, "row by row"),
        ({"functions": [f"{HERE}:cheating"]}, "'paid'"),
        ({"crosses": [["city", "paid"]]}, "'paid'"),
        ({"ratios": [{"numerator": "incme", "denominator": "debt"}]}, "did you mean 'income'"),
        ({"ratios": [{"numerator": "income", "denominator": "debt", "name": "zone"}]}, "exists already"),
    ],
)
def test_what_cannot_be_derived_is_refused(features: dict[str, Any], message: str) -> None:
    """Each refusal says what is wrong and names it."""
    with pytest.raises(LifecycleError, match=message):
        fit(**features)


@pytest.mark.parametrize("state", [{"kind": "magic"}, {"kind": "function", "types": ["mood"], "reference": "a:b"}])
def test_an_unknown_kind_is_refused(state: dict[str, Any]) -> None:
    """A state of a later version is not misread."""
    shape = {"inputs": ["a"], "outputs": ["b"], "optional": []}
    with pytest.raises(ValueError, match="expected a"):
        derivation_from_dict(shape | state)
    with pytest.raises(PackageError):
        FeatureExtractor.from_dict(fit().to_dict() | {"derivations": [shape | state]})
