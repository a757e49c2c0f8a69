"""A shop with one small project whose data commands are called; its table has faults that somebody must look at."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle_tests.e2e.conftest import table
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import call, living_in

GOODS = "goods"
#: Prices that no good has.
BAD_PRICES = 3


def goods(rows: int = 300) -> pd.DataFrame:
    """The tiny table with a time, a buyer, and a few prices below zero."""
    frame = table(rows=rows)
    frame["sold_at"] = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(rows), unit="h")
    frame["buyer"] = [f"b{number % 40}" for number in range(rows)]
    frame.loc[frame.index[:BAD_PRICES], "price"] = -5.0
    return frame


@pytest.fixture(scope="module")
def goods_shop(tmp_path_factory: pytest.TempPathFactory) -> SiteFolder:
    """The shop; its project knows that prices are not negative, and keeps a feature store."""
    shop = SiteFolder.make(tmp_path_factory.mktemp("goods"))
    path = shop.root / "goods.csv"
    sound = goods()
    sound["price"] = sound["price"].abs()
    sound.to_csv(path, index=False)
    with living_in(shop):
        drafted = call("init", GOODS, "--data", str(path), "--target", "bought", "--event-time", "sold_at")
        assert drafted.code == 0, drafted.said
    goods().to_csv(path, index=False)
    shop.edit(
        GOODS,
        dataset={"entity": "buyer", "split": {"method": "time"}},
        features={"store": {"enabled": True, "columns": ["size", "price"]}},
    )
    return shop


@pytest.fixture
def shop(goods_shop: SiteFolder) -> Iterator[SiteFolder]:
    """The shop, in a process that stands in it."""
    with living_in(goods_shop):
        yield goods_shop
