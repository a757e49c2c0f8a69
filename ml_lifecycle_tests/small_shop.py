"""The shipped sample made small, and the command called on it in this process. It is no test itself.

The project keeps the sample's name, schema and stream, so that days of it can be played; it has fewer rows and the
smallest budgets. Beside it lies a project whose table has lost its rows, which a gate of every run finds out.
"""

import io
import json
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest
from dagster._core.utils import make_new_run_id

import ml_lifecycle
from ml_lifecycle.cli import main
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.sample import applications, generate, outcomes
from ml_lifecycle.orchestration.naming import PROJECT_TAG, job_of
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle_tests.e2e.conftest import table
from ml_lifecycle_tests.site_folder import Finished, SiteFolder

LOANS, BROKEN = "loans", "broken"
#: The two windows that are judged; loans are a third of what they were, and are repaid against the rule.
DRIFTED_DAYS = (date(2025, 10, 1), date(2025, 10, 2))
WEBHOOK = "SHOP_WEBHOOK"

_FIRST_DAY = date(2025, 9, 5)
_ROWS_A_DAY = 150
#: Columns by which a loan is repaid: the nearer to the middle, the likelier; (middle, spread).
_MIDDLE = {"age": (45, 17), "loan_amount": (160_000, 118_000)}
_FAR = 1.7
_SHIPPED = Path(ml_lifecycle.__file__).parent / "defs" / LOANS
_SET_BY_RUNS = (
    "MLFLOW_TRACKING_URI",
    "MLFLOW_DISABLE_TELEMETRY",
    "MLFLOW_LOGGING_LEVEL",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES",
    "DO_NOT_TRACK",
)

#: `(verb, status, tags)`: puts a run of the sample on record.
RecordRun = Callable[..., dg.DagsterRun]
#: From rows to what becomes of them.
Rule = Callable[[pd.DataFrame], "pd.Series[str]"]


@dataclass(frozen=True)
class Story:
    """A shop and what the command said in it, in the order in which it was called."""

    shop: SiteFolder
    drafted: Finished
    first: Finished
    again: Finished
    judged: tuple[Finished, Finished]
    stopped: Finished
    failed: Finished

    @property
    def site(self) -> Site:
        """The shop as the command finds it."""
        return Site.find(self.shop.root)

    @property
    def project(self) -> ProjectConfig:
        """The project of the sample."""
        return self.site.project(LOANS)

    @property
    def said(self) -> tuple[Finished, ...]:
        """What the command said, call by call."""
        return (self.drafted, self.first, self.again, *self.judged, self.stopped, self.failed)

    def write_down(self) -> None:
        """Keep beside the shop what was said, for another process."""
        _said_in(self.shop.root).write_text(json.dumps([asdict(said) for said in self.said]), encoding="utf-8")

    def copied_to(self, root: Path) -> "Story":
        """A copy that may be changed. MLflow's artifacts stay where they were: it notes whole paths."""
        shutil.copytree(self.shop.root, root, dirs_exist_ok=True)
        return replace(self, shop=SiteFolder(root))

    @classmethod
    def read(cls, root: Path) -> "Story | None":
        """The story that a process has told there, if one has come to its end."""
        if not _said_in(root).is_file():
            return None
        said = json.loads(_said_in(root).read_text(encoding="utf-8"))
        drafted, first, again, one, other, stopped, failed = (Finished(**item) for item in said)
        return cls(SiteFolder(root), drafted, first, again, (one, other), stopped, failed)


def tell_story(root: Path) -> Story:
    """Run the sample twice, judge two drifted windows, and run a project that cannot work."""
    shop = SiteFolder.make(root)
    _lay_out_sample(shop)
    data = root / "table.csv"
    table().to_csv(data, index=False)
    with living_in(shop):
        drafted = call("init", BROKEN, "--data", str(data), "--target", "bought")
        shop.edit(BROKEN, monitoring={"start": "2025-10-01", "alerts": {"webhook": f"env:{WEBHOOK}"}})
        data.write_text(",".join(table().columns) + "\n", encoding="utf-8")
        first, again = call("run", LOANS, "--json"), call("run", LOANS)
        windows = [str(day) for day in DRIFTED_DAYS]
        for window in windows:
            _deliver(shop, date.fromisoformat(window))
        judged = (
            call("monitor", LOANS, "--window", windows[0], "--json"),
            call("monitor", LOANS, "--window", windows[1]),
        )
        return Story(shop, drafted, first, again, judged, call("run", BROKEN), call("monitor", BROKEN))


@contextmanager
def living_in(shop: SiteFolder) -> Iterator[None]:
    """Make this process one that was started in a shop, and undo that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(shop.root)
        patch.syspath_prepend(str(shop.root))
        for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
            patch.delitem(sys.modules, name)  # another shop's
        patch.setenv("ML_LIFECYCLE_HOME", str(shop.home))
        patch.setenv("COLUMNS", "200")
        for name in ("DAGSTER_HOME", *_SET_BY_RUNS):
            patch.setenv(name, "set, so that what a run sets is undone")
            patch.delenv(name)
        yield


def call(*arguments: str) -> Finished:
    """Call `ml-lifecycle` in this process; what it prints and its exit code are as in a shell."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        patch.setattr(sys, "argv", ["ml-lifecycle", *arguments])
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main()
    return Finished(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def add_run(
    instance: dg.DagsterInstance, verb: str, status: dg.DagsterRunStatus, tags: dict[str, str] | None = None
) -> dg.DagsterRun:
    """Put a run of the sample on record as somebody else would have started it."""
    (told,) = instance.get_runs(limit=1)
    assert told.remote_job_origin is not None
    run = dg.DagsterRun(
        job_name=job_of(LOANS, verb),
        run_id=make_new_run_id(),
        status=status,
        tags={PROJECT_TAG: LOANS, **(tags or {})},
        remote_job_origin=told.remote_job_origin,
    )
    return instance.add_run(run)


def deliver_changed(shop: SiteFolder, day: date, rows_a_day: int) -> None:
    """A day after which the world is another one: amounts are a third of what they were, and tell as much as before.

    Unlike on `DRIFTED_DAYS` there is something to be learnt: who repays is who repaid, by the amounts as they were.
    """
    _deliver_rows(shop, day, rows_a_day, outcome=_rule)


def _said_in(root: Path) -> Path:
    return root / "said.json"


def _lay_out_sample(shop: SiteFolder) -> None:
    shutil.copytree(_SHIPPED, shop.yaml_path(LOANS).parent)
    folder = shop.root / "data" / LOANS
    folder.mkdir(parents=True)
    rows = generate(_FIRST_DAY, DRIFTED_DAYS[0] - timedelta(days=1))
    rows = rows.assign(defaulted=_rule(rows))
    _write(rows, folder / "loans_2025.csv")
    shop.edit(
        LOANS,
        brief={"success_criteria": {"roc_auc": ">= 0.6"}},
        dataset={"split": {"fractions": [0.6, 0.2, 0.2]}},
        modeling={
            "search": {"trials": 2, "seconds": 20},
            "max_trees": 60,
            "optimize": {"variants": ["prune_refit", "float16"], "tolerance": 0.02, "profile_rows": 100},
        },
        evaluation={"bootstrap": 50, "fairness": {"max_gap": 0.9}},
        monitoring={
            "window": 1,
            "drift": {"min_rows": 50, "html_rows": 100},
            "performance": {"min_labels": 50},
            "retrain": {"windows_needed": 2, "cooldown_windows": 7, "min_new_labels": 100},
        },
        orchestration={"retrain_cron": "0 3 * * 0"},
    )


def _deliver(shop: SiteFolder, day: date) -> None:
    """What arrives in the inbox on a drifted day, and, to save the wait, what becomes of it."""
    _deliver_rows(shop, day, _ROWS_A_DAY)


def _deliver_rows(shop: SiteFolder, day: date, count: int, *, outcome: Rule | None = None) -> None:
    """Put rows into the inbox, and their outcomes: as told of them before amounts fell, else against the rule."""
    rows = generate(day, day + timedelta(days=max(6, 6 * count // _ROWS_A_DAY))).head(count)
    rows["applied_at"] = pd.Timestamp(day) + pd.to_timedelta(range(len(rows)), unit="min")
    rows["application_id"] = [int(f"{day:%y%m%d}{number:03d}") for number in range(len(rows))]
    told = None if outcome is None else outcome(rows)
    rows["loan_amount"] = pd.to_numeric(rows["loan_amount"], errors="coerce") // 3
    rows["defaulted"] = _rule(rows).map({"yes": "no", "no": "yes"}) if told is None else told
    inbox = shop.home / "inbox" / LOANS
    inbox.mkdir(parents=True, exist_ok=True)
    _write(outcomes(rows), inbox / f"outcomes_{day}.csv")
    _write(applications(rows), inbox / f"applications_{day}.csv")


def _rule(rows: pd.DataFrame) -> "pd.Series[str]":
    """An outcome that few rows are enough to learn and neither a straight line nor a small tree tells."""
    far = sum(
        (pd.to_numeric(rows[column], errors="coerce") - centre).abs().fillna(0) / spread
        for column, (centre, spread) in _MIDDLE.items()
    )
    noise = np.random.default_rng(0).normal(scale=0.2, size=len(rows))
    return pd.Series(np.where(far + noise > _FAR, "yes", "no"), index=rows.index)


def _write(rows: pd.DataFrame, path: Path) -> None:
    rows.to_csv(path, index=False, float_format="%.0f", date_format="%Y-%m-%d %H:%M")
