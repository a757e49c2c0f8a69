"""What drivers give becomes columns that a table can store."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pandas as pd

from ml_lifecycle.dataset.database_cells import frame_of_batches


def column(*cells: object) -> pd.Series:
    """One column, each cell in a batch of its own."""
    return frame_of_batches([[(cell,)] for cell in cells], ["x"])["x"]


def test_types_of_databases() -> None:
    """Exact decimals are numbers, times naive UTC, dates times, documents JSON, anything else text."""
    assert column(Decimal("1.50"), None, Decimal(2)).tolist()[::2] == [1.5, 2.0]
    east = datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    assert column(east, datetime(2024, 1, 1, 12, tzinfo=UTC)).tolist() == [
        pd.Timestamp("2024-01-01 10:00"),
        pd.Timestamp("2024-01-01 12:00"),
    ]
    assert column(date(2024, 1, 1), None).tolist() == [pd.Timestamp("2024-01-01"), pd.NaT]
    assert column({"a": [1]}, [1, 2]).tolist() == ['{"a":[1]}', "[1,2]"]
    assert column(uuid.UUID(int=1), time(1, 2)).tolist() == ["00000000-0000-0000-0000-000000000001", "01:02:00"]


def test_a_column_has_one_type() -> None:
    """Numbers of both kinds are numbers, truths stay truths, other mixtures are text."""
    truths = [True, None, False]
    assert column(1, 2.5, None).tolist()[:2] == [1.0, 2.5]
    assert column(*truths).tolist() == truths
    assert column(1, "a", None).tolist() == ["1", "a", None]
    assert column(2**70, 1).tolist() == [str(2**70), "1"]
    assert column(None, None).isna().all()
