"""Where the public data sets lie; without them these tests are skipped."""

import os
from pathlib import Path

import pytest

from ml_lifecycle_tests.site_folder import SiteFolder

_VARIABLE = "ML_LIFECYCLE_TEST_DATA"


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of the public data sets."""
    named = os.environ.get(_VARIABLE)
    if not named or not Path(named).is_dir():
        pytest.skip(f"{_VARIABLE} names no folder with the public data sets (adult.csv.gz and others)")
    return Path(named)


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    """A fresh Dagster project."""
    return SiteFolder.make(tmp_path)
