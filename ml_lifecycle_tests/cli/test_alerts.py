"""The command about alerts, on a project that was drafted and never ran, with a real receiver."""

from pathlib import Path

from ml_lifecycle.monitoring.alerts import Alert
from ml_lifecycle.monitoring.alerts.desk import AlertDesk
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle_tests.e2e.conftest import table
from ml_lifecycle_tests.monitoring.alerts.receivers import listening
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import call, living_in

_TOYS = "toys"


def test_alerts_are_shown_and_tried(tmp_path: Path) -> None:
    """Which channel took a test is said: to have none is no fault, one that is broken is."""
    shop = SiteFolder.make(tmp_path)
    table().to_csv(tmp_path / "toys.csv", index=False)
    with living_in(shop), listening() as receiver:
        assert call("init", _TOYS, "--data", str(tmp_path / "toys.csv"), "--target", "bought").code == 0
        assert "No channel is set" in call("alerts", _TOYS, "--test").said
        channels = [{"url": receiver.apprise(), "name": "team"}, {"url": "nosuch://${NOBODY}", "name": "broken"}]
        shop.edit(_TOYS, monitoring={"alerts": {"webhook": receiver.url, "channels": channels}})
        tried = call("alerts", _TOYS, "--test", "--json")
        assert tried.code == 1
        assert [(row["channel"], row["took"]) for row in tried.json] == [
            ("webhook", True),
            ("team", True),
            ("broken", False),
        ]
        assert len(receiver.took) == 2
        project = Site.find(shop.root).project(_TOYS)
        desk = AlertDesk(_TOYS, project.monitoring.alerts, Workspace(project).alerts, backoff_seconds=0.001)
        desk.tell([Alert("toys: late", "b", "error", _TOYS, "", "hurry")])
        desk.post()
        assert "toys: late" in call("alerts", _TOYS).said
        (row,) = call("alerts", _TOYS, "--json").json
        assert (row["title"], row["channels"], row["delivered"]) == ("toys: late", "team, webhook", False)
