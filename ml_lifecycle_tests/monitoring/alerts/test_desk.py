"""Tests of `ml_lifecycle.monitoring.alerts.desk`: told once, told to all, told when it is over. A real receiver."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from ml_lifecycle.config.alerts import AlertKind, AlertsConfig, AlertSeverity, ChannelConfig
from ml_lifecycle.monitoring.alerts import Alert
from ml_lifecycle.monitoring.alerts.alert_log import AlertLog
from ml_lifecycle.monitoring.alerts.alert_tables import COLUMNS
from ml_lifecycle.monitoring.alerts.desk import AlertDesk
from ml_lifecycle_tests.monitoring.alerts.receivers import Receiver, listening

DRIFT = Alert("loans: drift", "age moved", "warn", "loans", "", "look", kind="drift", key="drift:drift_report")


@dataclass
class Office:
    """A desk whose clock a test sets."""

    log: AlertLog
    config: AlertsConfig
    time: datetime = datetime(2026, 11, 21, 12)  # noqa: DTZ001 - naive UTC

    @property
    def desk(self) -> AlertDesk:
        """A new one, as at each tick: what it knows is in the log."""
        return AlertDesk("loans", self.config, self.log, owner="risk", now=lambda: self.time, backoff_seconds=0.001)

    def look(self, *alerts: Alert) -> int:
        """Tell and post; how many were delivered."""
        desk = self.desk
        desk.tell(alerts)
        return desk.post().delivered

    def later(self, **passed: float) -> None:
        """Let time pass."""
        self.time += timedelta(**passed)


@pytest.fixture
def office(tmp_path: Path, receiver: Receiver) -> Office:
    """A desk with a webhook that works."""
    return Office(AlertLog(f"sqlite:///{tmp_path}/service.db"), AlertsConfig(webhook=receiver.url))


def _titles(receiver: Receiver) -> list[str]:
    return [message["title"] for message in receiver.took]


def test_the_same_is_told_once_until_it_is_over(office: Office, receiver: Receiver) -> None:
    """Then those who were told hear that it is over, and it may come again."""
    assert [office.look(DRIFT), office.look(DRIFT)] == [1, 0]
    office.desk.resolve(lambda record: record.alert.key == DRIFT.key)
    assert office.look() == 1
    assert office.look(DRIFT) == 1
    assert _titles(receiver) == ["loans: drift", "over: loans: drift", "loans: drift"]


def test_what_lasts_is_told_again_after_a_while(office: Office, receiver: Receiver) -> None:
    """After `repeat_hours`, not before."""
    office.look(DRIFT)
    office.later(hours=23)
    assert office.look(DRIFT) == 0
    office.later(hours=1)
    assert office.look(DRIFT) == 1
    assert len(receiver.took) == 2


def test_what_gets_worse_is_told_at_once(office: Office) -> None:
    """The same key, more severe."""
    office.look(DRIFT)
    assert office.look(replace(DRIFT, severity="error")) == 1


def test_what_a_run_caused_and_is_over_is_not_told_of_that_run_again(office: Office) -> None:
    """As when a tick is made once more since its cursor was not kept."""
    failed = replace(DRIFT, kind="failed_run", key="failed_run:loans_retrain", run_id="r1")
    office.look(failed)
    office.desk.resolve(lambda _: True)
    office.look()
    assert office.look(failed) == 0
    assert office.look(replace(failed, run_id="r2")) == 1


def test_what_nobody_took_is_sent_later_and_once(office: Office, receiver: Receiver) -> None:
    """A receiver that is down is asked again after a pause; once it took the alert, never again."""
    receiver.statuses = [503] * 3
    assert office.look(DRIFT) == 0
    assert office.look() == 0
    assert len(receiver.got) == 3
    office.later(seconds=30)
    assert office.look() == 1
    office.later(hours=2)
    assert office.look() == 0
    assert len(receiver.took) == 1


def test_one_broken_channel_does_not_stop_others(office: Office, receiver: Receiver) -> None:
    """The working one gets each alert once; the broken one all of them when it works again."""
    with listening() as other:
        other.statuses = [503] * 6
        office.config = AlertsConfig(
            webhook=receiver.url, channels=(ChannelConfig(url=other.apprise(), name="team"),), tell_resolved=False
        )
        second = replace(DRIFT, key="drift:b")
        assert office.look(DRIFT) == 1
        assert office.look(second) == 1
        office.later(hours=1)
        assert office.look() == 2
        assert [len(receiver.took), len(other.took)] == [2, 2]


def test_an_alert_that_is_always_refused_does_not_keep_others_waiting(office: Office, receiver: Receiver) -> None:
    """A refusal is about the alert; the next one is tried all the same."""
    receiver.statuses = [400]
    assert office.look(DRIFT, replace(DRIFT, key="drift:b")) == 1


def test_a_flood_comes_as_one_message(office: Office, receiver: Receiver) -> None:
    """So many by themselves, the most severe first, and the rest in a digest; nothing is lost, none comes twice."""
    office.config = AlertsConfig(webhook=receiver.url, max_per_hour=2)
    many = [replace(DRIFT, title=f"t{number}", key=f"drift:{number}") for number in range(5)]
    worst = replace(DRIFT, title="worst", key="drift:worst", severity="error")
    assert office.look(*many, worst) == 6
    assert _titles(receiver) == ["worst", "t0", "loans: 4 more alerts within the hour"]
    assert "t4" in receiver.took[-1]["body"]
    office.look(replace(DRIFT, key="drift:late", title="late"))
    critical = replace(DRIFT, key="drift:critical", title="critical", severity="critical")
    assert office.look(critical) == 1
    office.later(hours=2)
    assert office.look() == 1
    assert _titles(receiver)[-2:] == ["critical", "late"]


def test_what_is_too_mild_is_only_kept(office: Office, receiver: Receiver) -> None:
    """And is not waited for."""
    office.desk.tell([replace(DRIFT, severity="info")])
    assert office.desk.post().waiting == 0
    assert receiver.got == []
    assert len(office.log.history("loans")) == 1


def test_an_alert_has_the_owner_of_its_kind(office: Office, receiver: Receiver) -> None:
    """Or else the project's."""
    office.config = AlertsConfig(webhook=receiver.url, owners={AlertKind.DRIFT: "data team"})
    office.look(DRIFT, replace(DRIFT, kind="performance", key="performance:a"))
    assert [message["owner"] for message in receiver.took] == ["data team", "risk"]


def test_the_history_says_what_became_of_each(office: Office, receiver: Receiver) -> None:
    """The newest first; of another project nothing."""
    receiver.statuses = [503]
    office.look(DRIFT)
    office.desk.resolve(lambda _: True)
    table = office.log.history_table("loans")
    assert tuple(table.columns) == COLUMNS
    assert table["title"].tolist() == ["over: loans: drift", "loans: drift"]
    assert table["delivered"].tolist() == [False, True]
    assert table["resolved_at"].tolist()[1] == office.time
    assert table["channels"].tolist()[1] == "webhook"
    assert office.log.history_table("others").empty


def test_a_channel_that_left_the_yaml_is_not_waited_for(office: Office, receiver: Receiver) -> None:
    """What was not delivered to it stands in the history."""
    receiver.statuses = [503] * 3
    office.look(DRIFT)
    office.config = AlertsConfig(min_severity=AlertSeverity.WARN)
    assert office.desk.post().waiting == 0
