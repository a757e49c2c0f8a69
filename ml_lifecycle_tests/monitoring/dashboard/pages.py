"""A project's page with everything on it, made up, for tests of its parts and of the browser. It is no test itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from ml_lifecycle.monitoring.dashboard import DashboardData, VersionRole, VersionShown

#: A name that would be a script if it were not escaped.
NASTY = '<script>alert("x")</script>&amp;'
NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC).replace(tzinfo=None)
WINDOWS = [f"{NOW - timedelta(days=number):%Y-%m-%d}" for number in range(19, -1, -1)]


def drift_frame(features: int = 6, *, drifted: int = 2, windows: list[str] = WINDOWS) -> pd.DataFrame:
    """Features of which the first `drifted` move beyond their limit in the second half, and the model's output."""
    random = np.random.default_rng(0)
    names = [f"feature_{number}" for number in range(features)]
    rows = []
    for place, window in enumerate(windows):
        moved = place / len(windows)
        values = random.uniform(0.01, 0.06, features) + np.where(np.arange(features) < drifted, 0.25 * moved, 0.0)
        rows += [_drift_row(window, name, "feature", value) for name, value in zip(names, values, strict=True)]
        rows.append(_drift_row(window, "prediction", "prediction", 0.02 + 0.05 * moved))
    return pd.DataFrame(rows)


def _drift_row(window: str, feature: str, role: str, value: float) -> dict[str, Any]:
    limit = 0.1
    return {
        "window": window,
        "feature": feature,
        "role": role,
        "kind": "numeric",
        "statistic": "psi",
        "value": value,
        "limit": limit,
        "drifted": value > limit,
        "missing_share": 0.02,
        "other_share": 0.0,
    }


def performance_frame(*, lost: bool = False, measured: int = 14, windows: list[str] = WINDOWS) -> pd.DataFrame:
    """Windows of which the first are measured and the last estimated; `lost`: the last measured ones are bad."""
    rows = []
    for place, window in enumerate(windows):
        known = place < measured
        bad = lost and measured - 3 <= place < measured
        value = 0.70 if bad else 0.88
        rows.append({
            "window": window,
            "metric": "roc_auc",
            "greater_is_better": True,
            "status": "measured" if known else "estimated",
            "value": value,
            "low": value - 0.03,
            "high": value + 0.03,
            "reference": 0.89,
            "tolerated": 0.84,
            "rows": 120,
            "labelled": 110 if known else 4,
            "lost": bad,
            "reason": "from known outcomes",
        })  # fmt: skip
    return pd.DataFrame(rows)


def traffic_frame(windows: list[str] = WINDOWS) -> pd.DataFrame:
    """Version 3 takes over from version 2, and version 4 answers a part of the last windows."""
    rows = []
    for place, window in enumerate(windows):
        version = "2" if place < len(windows) // 2 else "3"
        rows.append((window, version, "champion", 100 + 7 * (place % 5)))
        if place >= len(windows) - 3:
            rows.append((window, "4", "canary", 12))
    return pd.DataFrame(rows, columns=["window", "version", "role", "rows"])


def healthy(**changes: Any) -> DashboardData:
    """A project with the bare reports, in which all is well."""
    plain: dict[str, Any] = {
        "project": "shop",
        "problem": "Who buys?",
        "made_at": NOW,
        "versions": [VersionShown("3", VersionRole.CHAMPION, 1.0, NOW, "anna")],
        "traffic": traffic_frame(),
        "performance": performance_frame(),
        "drift": drift_frame(drifted=0),
    }
    return DashboardData(**{**plain, **changes})


def everything(**changes: Any) -> DashboardData:
    """A project in trouble, with every part that there can be, and names that try to be more than names."""
    drift = drift_frame(40, drifted=5).replace({"feature": {"feature_0": NASTY, "feature_1": "a_name" * 9}})
    champion = VersionShown("3", VersionRole.CHAMPION, 0.9, NOW, f"drift, run {NASTY}")
    whole: dict[str, Any] = {
        "problem": NASTY,
        "versions": [champion, VersionShown("4", VersionRole.CANARY, 0.1, NOW, "rollout")],
        "version_of": {window: "2" if place < 10 else "3" for place, window in enumerate(WINDOWS)},
        "failures": pd.DataFrame({"window": WINDOWS[4:7], "rows": [3, 9, 1]}),
        "performance": performance_frame(lost=True),
        "drift": drift,
        "quality": _quality(),
        "levels": _levels(),
        "decisions": _decisions(),
        "alerts": _alerts(),
        "ledger": _ledger(),
        "problems": {"archive": NASTY},
    }
    return healthy(**{**whole, **changes})


def _quality() -> pd.DataFrame:
    share = [0.01 * (1 + place % 6) for place in range(len(WINDOWS))]
    return pd.DataFrame({
        "window": WINDOWS,
        "rows": [100.0 + place for place in range(len(WINDOWS))],
        "volume_low": 90.0,
        "volume_high": 118.0,
        "failed": 2,
        "failed_share": share,
        "max_failed_share": 0.05,
        "p95": 4.2,
        "limit_p95": 15.0,
        "p99": float("nan"),
    })  # fmt: skip


def _levels() -> pd.DataFrame:
    return pd.DataFrame({
        "window": WINDOWS[-1],
        "level": ["training_success", "detection_time", "uptime"],
        "value": [0.9, 3.0, float("nan")],
        "limit": [0.95, 24.0, 0.99],
        "passed": [False, True, True],
        "judged": [True, True, False],
        "unit": ["share", "hours", "share"],
        "at_least": [True, False, True],
        "note": ["9 of 10 trainings ended well", "2 drifts", "no server was started"],
    })  # fmt: skip


def _decisions() -> pd.DataFrame:
    checks = '[["enough windows", true, "2 of 3"], ["cooldown", false, "1 of 5 windows have passed"]]'
    return pd.DataFrame({
        "window": WINDOWS[-3:],
        "action": ["wait", "wait", "retrain"],
        "reason": ["cooldown", "cooldown", f"drift in 2 of 3 windows: {NASTY}"],
        "trigger": ["", "", "drift"],
        "checks": checks,
    })  # fmt: skip


def _alerts() -> pd.DataFrame:
    return pd.DataFrame({
        "at": [NOW],
        "project": ["shop"],
        "kind": ["performance"],
        "severity": ["error"],
        "title": [f"Performance is lost {NASTY}"],
        "body": ["roc_auc 0.70, tolerated 0.84."],
        "owner": ["team:risk"],
        "what_to_do": ["look at the drifted features"],
    })  # fmt: skip


def _ledger() -> list[dict[str, Any]]:
    evidence = {"why": NASTY, "gates": {"fair": True}}
    states = ("champion", "staged", "candidate")
    return [{"at": NOW, "version": "3", "state": state, "by": "anna", "evidence": evidence} for state in states]
