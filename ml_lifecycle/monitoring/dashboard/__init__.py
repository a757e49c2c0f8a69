"""The monitoring page of a project: `DashboardData` in, one HTML file out that needs no network.

What is shown is collected elsewhere (`orchestration/dashboard.py`): nothing here reads a lake, a database or Dagster.

    data        what is shown, as plain records and frames
    health      the state in one sentence, and what to do
    windows     names of windows as times on an axis
    words       figures and names as people read them
    drift_rows  rows of the drift table: how near to the limit, about what
    panels/     the parts of the page, each from its frame
    charts/     one chart per module, as SVG
    page        everything put into the template, and the policy that browsers are told
"""

from ml_lifecycle.monitoring.dashboard.data import DashboardData, VersionRole, VersionShown
from ml_lifecycle.monitoring.dashboard.health import Health, State, judge_health
from ml_lifecycle.monitoring.dashboard.page import content_policy, render_dashboard

__all__ = [
    "DashboardData",
    "VersionRole",
    "VersionShown",
    "Health",
    "State",
    "judge_health",
    "render_dashboard",
    "content_policy",
]
