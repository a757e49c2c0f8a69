"""Adult's question marks, its 52 repeated rows and its ages, cleaned, validated, corrected and released."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ml_lifecycle.config.dataset import DatasetConfig
from ml_lifecycle.dataset.cleaning import Cleaner
from ml_lifecycle.dataset.quarantine import Validated, judge_conserved, validate_rows
from ml_lifecycle.dataset.releases import ReleaseLog
from ml_lifecycle.dataset.rows import ROW_ID, is_missing
from ml_lifecycle.dataset.schema import Schema, infer_schema
from ml_lifecycle.dataset.sources import read_rows

pytestmark = pytest.mark.real

CONFIG = DatasetConfig.model_validate(
    {
        "sources": [{"path": "adult.csv.gz"}],
        "cleaning": {
            "missing_values": {"*": ["?"], "capital-gain": [99999]},
            "units": {"education-num": {"factor": 1.0}},
            "outliers": {"age": {"high": 85}, "hours-per-week": {"high": 90, "action": "clip"}},
            "duplicates": {"method": "exact"},
        },
    }
)


@pytest.fixture(scope="module")
def came(data: Path, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """The rows."""
    return read_rows(CONFIG, root=data, home=tmp_path_factory.mktemp("home")).frame


@pytest.fixture(scope="module")
def schema(came: pd.DataFrame) -> Schema:
    """What the clean rows are like."""
    return infer_schema(Cleaner.of(CONFIG).clean(came).frame)


@pytest.fixture(scope="module")
def validated(came: pd.DataFrame, schema: Schema) -> Validated:
    """The rows, judged."""
    return validate_rows(came, schema, CONFIG)


def test_each_step_is_counted(came: pd.DataFrame, validated: Validated) -> None:
    """As pandas counts them in the file."""
    counts: dict[Any, Any] = validated.cleaning.set_index(["step", "column", "outcome"])["cells"].to_dict()
    for column in came.columns.drop(ROW_ID):
        expected = int((came[column] == "?").sum()) + int((came[column] == 99999).sum()) * (column == "capital-gain")
        assert counts["missing_values", column, "emptied"] == expected
    assert counts["outliers", "age", "quarantine"] == (came["age"] > 85).sum()
    assert counts["outliers", "hours-per-week", "clip"] == (came["hours-per-week"] > 90).sum()
    assert counts["duplicates", "(row)", "removed"] == len(validated.removed) >= 52
    assert came.drop(columns=ROW_ID).duplicated().sum() == 52


def test_no_row_is_lost(came: pd.DataFrame, validated: Validated) -> None:
    """Good, quarantined and removed rows are all that came."""
    assert judge_conserved(came, validated).passed
    assert set(validated.quarantined["check"]) == {"outlier"}
    assert validated.good["hours-per-week"].max() == 90


def test_rows_one_by_one_are_cleaned_the_same(came: pd.DataFrame) -> None:
    """As serving will see them."""
    cleaner, some = Cleaner.of(CONFIG), came.head(500)
    table = cleaner.clean(some, duplicates=False).frame
    for place, row in enumerate(some.to_dict("records")):
        for name, cell in cleaner.clean_row({str(key): value for key, value in row.items()}).items():
            batch = table[name].iloc[place]
            assert batch == cell or (is_missing(batch) and is_missing(cell))


def test_a_corrected_row_comes_in(came: pd.DataFrame, schema: Schema, validated: Validated, tmp_path: Path) -> None:
    """The next run has one quarantined row less, and still all rows."""
    log = ReleaseLog.of(tmp_path, "adult")
    row = int(validated.quarantined[ROW_ID].iloc[0])
    log.release(validated.quarantined, [row], corrections={"age": 58}, reason="looked it up")
    again = validate_rows(came, schema, CONFIG, releases=log.read())
    assert len(again.quarantined) == len(validated.quarantined) - 1
    assert again.good.loc[again.good[ROW_ID] == row, "age"].tolist() == [58]
    assert judge_conserved(came, again).passed
