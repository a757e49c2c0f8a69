"""Projects on tiny generated tables, run through the front door."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle_tests.site_folder import SiteFolder

_ROWS = 800


def table(seed: int = 0, rows: int = _ROWS) -> pd.DataFrame:
    """A small binary problem that a few trees learn well."""
    random = np.random.default_rng(seed)
    size, price = random.normal(size=rows), random.uniform(1, 9, size=rows)
    colour = random.choice(["red", "green", "blue"], size=rows)
    # by the distance from the middle, which no straight line tells
    risk = np.abs(size) + 0.5 * (colour == "red") - 0.2 * np.abs(price - 5) + random.normal(scale=0.3, size=rows)
    return pd.DataFrame(
        {
            "row": [f"r{number:05d}" for number in range(rows)],
            "size": size.round(4),
            "price": price.round(3),
            "colour": colour,
            "bought": np.where(risk > np.median(risk), "yes", "no"),
        }
    )


def start_project(site: SiteFolder) -> None:
    """Write the table, draft the project and give it a budget of seconds."""
    data = site.root / "table.csv"
    table().to_csv(data, index=False)
    done = site.call("init", "tiny", "--data", str(data), "--target", "bought", "--json")
    assert done.code == 0, done.said
    search = {"trials": 2, "seconds": 5}
    site.edit("tiny", modeling={"search": search, "max_trees": 60}, evaluation={"bootstrap": 50})


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> SiteFolder:
    """A project that was run once, with success. Tests that change it take a copy."""
    site = SiteFolder.make(tmp_path_factory.mktemp("finished"))
    start_project(site)
    done = site.call("run", "tiny", "--json")
    assert done.code == 0, done.said[-4000:]
    return site


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    """A project that was drafted and not run."""
    made = SiteFolder.make(tmp_path)
    start_project(made)
    return made


def copy_of(finished: SiteFolder, target: Path) -> SiteFolder:
    """The project and its state in another folder; the old folder's name is replaced where it was written down."""
    shutil.copytree(finished.root, target, dirs_exist_ok=True)
    return SiteFolder(target)
