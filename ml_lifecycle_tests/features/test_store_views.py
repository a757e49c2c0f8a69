"""Feature views: names, columns, and the way through Feast's registry."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle.dataset.rows import ROW_ID, SPLIT
from ml_lifecycle.errors import ConfigError, DataError
from ml_lifecycle.features.store_rows import RowForm, ValueKind
from ml_lifecycle.features.store_views import StoredView, form_of, from_feast, to_feast, view_id
from ml_lifecycle_tests.features.stores import ROWS


def test_a_view_is_named_by_name_and_version() -> None:
    """What no database would take as a name is refused."""
    assert view_id("customers", 3) == "customers_v3"
    for name, version in (("Customers", 1), ("a" * 50, 1), ("customers", 0)):
        with pytest.raises(ConfigError, match="cannot be named so"):
            view_id(name, version)


def test_the_house_columns_are_no_features() -> None:
    """Row number, split, entity and times are left out; of named columns only those are stored."""
    frame = ROWS.assign(**{ROW_ID: 0, SPLIT: "train"})
    form = form_of(frame, entity="customer", event_time="at", created="known", columns=())
    assert list(form.kinds) == ["customer", "visits", "spent", "city", "member", "since"]
    named = form_of(frame, entity="customer", event_time="at", created=None, columns=["spent"])
    assert named.kinds == {"customer": ValueKind.WHOLE, "spent": ValueKind.NUMBER}


@pytest.mark.parametrize("frame", [ROWS.drop(columns="at"), ROWS[["customer", "at", "known"]]])
def test_what_is_no_view_is_refused(frame: pd.DataFrame) -> None:
    """Without its time, or without any feature, a frame is no view."""
    with pytest.raises(DataError, match="cannot be made of these rows"):
        form_of(frame, entity="customer", event_time="at", created="known", columns=())


def test_a_view_survives_feast(tmp_path: Path) -> None:
    """Every kind of column, the times, the ttl and the place come back from Feast's object."""
    kinds = {"who": ValueKind.TEXT} | {kind.name.lower(): kind for kind in ValueKind}
    view = StoredView("all", 2, RowForm("who", "at", "known", kinds), timedelta(days=1.5), tmp_path / "all_v2")
    assert from_feast(to_feast(view)[1]) == view
    assert view.columns == tuple(kind.name.lower() for kind in ValueKind)
