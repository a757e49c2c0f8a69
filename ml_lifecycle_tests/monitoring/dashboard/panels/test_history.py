"""Lists: levels, decisions, alerts, the ledger."""

import pandas as pd

from ml_lifecycle.monitoring.dashboard.panels.history import list_alerts, list_decisions, list_ledger, list_levels
from ml_lifecycle_tests.monitoring.dashboard.pages import NOW, WINDOWS, everything, healthy


def test_a_level_says_its_unit_and_whether_it_is_kept() -> None:
    """What is not judged is neither kept nor missed."""
    told = [(level.value, level.limit, level.passed) for level in list_levels(everything())]
    assert told == [
        ("90%", "at least 95%", False),
        ("3 hours", "at most 24 hours", True),
        ("", "at least 99%", None),
    ]


def test_equal_decisions_are_told_once() -> None:
    """With how many windows they were; the newest stands first, with its conditions."""
    events = list_decisions(everything())
    assert [event.word for event in events] == ["retrain", "wait"]
    assert events[1].text.startswith("The same for 2 windows.")
    assert "no   cooldown: 1 of 5 windows have passed" in events[0].detail


def test_an_alert_says_whom_it_concerns_and_what_to_do() -> None:
    """Whatever further columns its table has."""
    (event,) = list_alerts(everything())
    assert (event.tone, event.who) == ("bad", "team:risk")
    assert "look at the drifted features" in event.text
    (over,) = list_alerts(healthy(alerts=everything().alerts.assign(resolved_at=[NOW])))
    assert (over.tone, "Over since" in over.text) == ("plain", True)
    bare = pd.DataFrame({"title": ["late"], "severity": ["warn"]})
    assert [event.title for event in list_alerts(healthy(alerts=bare))] == ["late"]


def test_a_ledger_line_is_a_sentence_with_its_evidence() -> None:
    """The run's id is shortened, the evidence is whole."""
    run = "455a5361-23fd-4df6-a524-2cbffbd71592"
    line = {"at": NOW, "version": "2", "state": "rolled_back", "by": f"run {run}", "evidence": {"why": "slow", "n": 3}}
    (event,) = list_ledger(healthy(ledger=[line]))
    assert (event.title, event.who, event.text) == ("Version 2 was taken back", "run 455a5361", "why: slow")
    assert '"n": 3' in event.detail


def test_nothing_is_no_list() -> None:
    """Parts that do not exist yet are absent."""
    assert list_levels(healthy()) == list_decisions(healthy()) == list_alerts(healthy()) == list_ledger(healthy()) == []
    assert list_levels(healthy(levels=pd.DataFrame({"window": WINDOWS[:1], "uptime": [0.99]})))[0].passed is not None
