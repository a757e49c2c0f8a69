"""Tests of `ml_lifecycle.serving.log_blocks`: a large request is kept at once, and read as its lines would be."""

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest
import sqlalchemy as sa

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.cell_rows import CellRows
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.app import build_app
from ml_lifecycle.serving.champion import FixedProvider
from ml_lifecycle.serving.group_commit import GroupCommit
from ml_lifecycle.serving.log_blocks import LoggedBlock
from ml_lifecycle.serving.log_lines import LoggedPrediction, now
from ml_lifecycle.serving.log_tables import BLOCKS
from ml_lifecycle.serving.online_log import OnlineLog
from ml_lifecycle.serving.prediction_log import Feedback, PredictionLog
from ml_lifecycle.serving.routing import Pick
from ml_lifecycle.serving.scoring import Scorer
from ml_lifecycle.serving.server import serve_in_thread
from ml_lifecycle_tests.release import tiny

_COLUMNS = ["id", "applied", "customer", "income", "age", "city", "repaid"]
_ALL = (pd.Timestamp("2020-01-01"), pd.Timestamp("2100-01-01"))


def _rows(count: int) -> list[dict[str, Any]]:
    """Rows with all that is odd: no id, no time, no entity, the target among them."""
    rows = [
        dict(
            zip(
                _COLUMNS, [f"x{n}", f"2026-02-0{1 + n % 9}T04:05:06Z", f"c{n}", n + 0.5, 30, "Riga", "yes"], strict=True
            )
        )
        for n in range(count)
    ]
    rows[1]["id"] = rows[2]["customer"] = rows[3]["applied"] = None
    rows[4]["id"] = 17
    return rows


def _block(count: int, prefix: str = "n") -> LoggedBlock:
    names = [f"{prefix}{number:06}" for number in range(count)]
    return LoggedBlock(
        "p",
        "1",
        "champion",
        now(),
        names,
        names,
        [],
        [],
        [{"age": 3}] * count,
        (),
        ["yes"] * count,
        [0.5] * count,
        1.0,
        "r",
    )


def _waiting(log: PredictionLog) -> int:
    with log._database.begin() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(BLOCKS)).scalar_one())


@pytest.mark.parametrize("as_cells", [False, True])
def test_a_block_says_what_its_lines_would_say(
    config: ProjectConfig, package: Package, log: PredictionLog, tmp_path: Path, *, as_cells: bool
) -> None:
    """Rows as mappings and as cells: keys, times, entities, inputs, answers; only names and moments differ."""
    online, pick, rows = OnlineLog(config), Pick(FixedProvider(package, "7").served, "champion"), _rows(8)
    answers = Scorer(package).score_rows(rows)
    given = CellRows(_COLUMNS, [list(row.values()) for row in rows]) if as_cells else rows
    said: dict[str, Any] = {"request_id": "r\x00", "latency_ms": 2.5}
    block = online.block(pick, given, answers, **said)
    lines, _ = online.lines(pick, rows, answers, **said)
    assert block is not None
    log.write((), (), [block.values()])
    plain = PredictionLog(f"sqlite:///{tmp_path / 'plain.db'}")
    plain.append(lines)
    kept, wanted = (one.window("tiny", *_ALL) for one in (log, plain))
    own = {"prediction_id", "logged_at"}
    moving = kept["row_key"].isin(kept["prediction_id"]) | kept["event_time"].eq(kept["logged_at"])
    assert moving.sum() == 2
    order = kept["inputs"] if "inputs" in kept else kept["income"]
    pd.testing.assert_frame_equal(
        kept.loc[order.sort_values().index].drop(columns=[*own, "row_key", "event_time"]).reset_index(drop=True),
        wanted.sort_values("income").drop(columns=[*own, "row_key", "event_time"]).reset_index(drop=True),
    )
    assert set(kept["row_key"]) - set(kept["prediction_id"]) == set(wanted["row_key"]) - set(wanted["prediction_id"])


def test_every_reader_sees_it_at_once(log: PredictionLog) -> None:
    """And an outcome by its name is taken."""
    log.write((), (), [_block(3).values()])
    assert log.add_feedback("p", [Feedback("n000001", "yes"), Feedback("nobody", "yes")]) == ["nobody"]
    assert log.labelled_count("p") == 1
    log.write((), (), [_block(3, "m").values()])
    assert log.count("p") == 6
    assert _waiting(log) == 0


def test_an_idle_writer_lays_it_out(log: PredictionLog) -> None:
    """Nobody reads; the lines are there all the same."""
    commit = GroupCommit(log)

    async def append_and_wait() -> int:
        await asyncio.gather(*[commit.append_block(_block(70, f"{number}-")) for number in range(3)])
        there = _waiting(log)
        for _ in range(200):
            if _waiting(log) == 0:
                break
            await asyncio.sleep(0.05)
        return there

    assert asyncio.run(append_and_wait()) >= 1
    assert _waiting(log) == 0
    assert commit.facts().lines == 210
    commit.close()
    with log._database.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM predictions").scalar_one() == 210


def test_readers_that_come_together_double_nothing(log: PredictionLog) -> None:
    """Each block is laid out by one of them, and all of them see all lines."""
    log.write((), (), [_block(50, f"{number}-").values() for number in range(20)])
    counts: list[int] = []
    readers = [threading.Thread(target=lambda: counts.append(log.count("p"))) for _ in range(6)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert counts == [1000] * 6


def test_lines_and_blocks_share_a_commit(log: PredictionLog) -> None:
    """Small and large requests of one moment."""
    commit = GroupCommit(log)
    line = LoggedPrediction("p", "1", "k", now(), {"age": 3}, "yes", 0.5)

    async def both() -> None:
        await asyncio.gather(commit.append([line]), commit.append_block(_block(64)))

    asyncio.run(both())
    assert commit.facts().commits == 1
    commit.close()
    assert log.count("p") == 65


_KILLED = """
import os, sys
from ml_lifecycle.serving.prediction_log import PredictionLog
from ml_lifecycle.serving import log_blocks
log = PredictionLog(sys.argv[1])
def die(*_args):
    os._exit(9)
log_blocks.write_lines = die
log.lay_out()
"""


def test_killed_while_it_is_laid_out_nothing_is_lost(log: PredictionLog) -> None:
    """The block is deleted in the transaction that writes its lines."""
    log.write((), (), [_block(30).values()])
    ended = subprocess.run([sys.executable, "-c", _KILLED, log._database.url], check=False, env={**os.environ})
    assert ended.returncode == 9
    assert _waiting(log) == 1
    assert log.count("p") == 30


@pytest.mark.parametrize("form", ["rows", "split"])
def test_a_large_request_is_kept_before_it_is_answered(package: Package, tmp_path: Path, form: str) -> None:
    """Through the server: every row in the log, under the names of the answer, as it came."""
    rows = [{**row, "id": f"x{number}"} for number, row in enumerate(_rows(100))]
    split = {"columns": _COLUMNS, "data": [list(row.values()) for row in rows]}
    path, body = ("/predict", {"rows": rows}) if form == "rows" else ("/invocations", {"dataframe_split": split})
    kept = PredictionLog(f"sqlite:///{tmp_path / 'service.db'}")
    app = build_app(tiny.project(tmp_path), FixedProvider(package, "7"), kept)
    with serve_in_thread(app) as address, httpx.Client(base_url=address, trust_env=False) as client:
        answered = client.post(path, json=body).json()["predictions"]
        logged = kept.window("tiny", *_ALL).set_index("row_key")
    assert len(answered) == len(logged) == 100
    assert logged.loc["x7", "income"] == 7.5
    assert "repaid" not in logged.columns
    if form == "rows":
        assert logged.loc["x7", "prediction_id"] == answered[7]["prediction_id"]
