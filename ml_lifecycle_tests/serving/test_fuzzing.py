"""The server under mixed good and bad requests; a hundred thousand of them are sent by `benchmarks.fuzzing`."""

from pathlib import Path

import pytest

from ml_lifecycle_tests.benchmarks.fuzzing import fuzz


@pytest.mark.slow
def test_no_request_breaks_the_server_or_gets_lost(tmp_path: Path) -> None:
    """No 500, no answer that fails to come, and every acknowledged prediction is in the log."""
    found = fuzz(tmp_path, 2_000, share=0.1)
    assert found.errors == 0, found.broken[:5]
    assert found.statuses[200] > 500
    assert found.statuses[400] > 100
    assert found.acknowledged <= found.kept <= found.acknowledged + found.uncertain
