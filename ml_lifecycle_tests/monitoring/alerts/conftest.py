"""A receiver of alerts on loopback for every test that asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ml_lifecycle_tests.monitoring.alerts.receivers import Receiver, listening


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver that listens on a free port of loopback."""
    with listening() as server:
        yield server
