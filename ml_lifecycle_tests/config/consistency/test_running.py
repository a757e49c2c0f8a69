"""Schedules and tags have the form that Dagster wants, so that definitions do not fail to load."""

from __future__ import annotations

import dagster as dg
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.naming import owners_of
from ml_lifecycle_tests.config.consistency.projects import build, refusal


@pytest.mark.parametrize("key", ["monitor_cron", "retrain_cron"])
def test_a_schedule_that_is_no_cron_expression_is_refused(key: str) -> None:
    """What is wrong with it is said."""
    said = refusal(orchestration={key: "0 25 * * *"})
    assert f"orchestration.{key}: expected minute, hour" in said
    assert "got the hour '25' in '0 25 * * *'" in said


@pytest.mark.parametrize("tags", [{"team": "risk"}, {"a/b.c": ""}])
def test_tags_that_dagster_takes_are_taken(tags: dict[str, str]) -> None:
    """With a name space, and without a value."""
    build(orchestration={"tags": tags})
    dg.AssetSpec("a", tags=tags)


@pytest.mark.parametrize("tags", [{"a b": "c"}, {"a": "c d"}])
def test_tags_that_dagster_refuses_are_refused(tags: dict[str, str]) -> None:
    """Keys and values."""
    assert "orchestration.tags." in refusal(orchestration={"tags": tags})
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.AssetSpec("a", tags=tags)


@pytest.mark.parametrize(
    "webhook", ["example.org/hook", "ftp://example.org", "http://", "http://a:b/", "env:", "env:A B"]
)
def test_a_webhook_that_is_no_address_is_refused(webhook: str) -> None:
    """Before the first alert is due."""
    said = refusal(monitoring={"alerts": {"webhook": webhook}})
    assert "monitoring.alerts.webhook: expected an address that begins with http:// or https://" in said


@pytest.mark.parametrize("webhook", ["https://example.org/hook", "env:HOOK", "${HOOK}", "https://example.org/${KEY}"])
def test_addresses_and_references_are_taken(webhook: str) -> None:
    """What the environment gives is looked at when an alert is sent."""
    build(monitoring={"alerts": {"webhook": webhook}})


@pytest.mark.parametrize("secret", ["https://me:hush@example.org/", "https://example.org/?token=hush"])
def test_a_secret_in_the_webhook_is_refused_and_not_repeated(secret: str) -> None:
    """It belongs to the environment."""
    said = refusal(monitoring={"alerts": {"webhook": secret}})
    assert "monitoring.alerts.webhook: expected the password or key as ${NAME}" in said
    assert "hush" not in said


@pytest.mark.parametrize("url", ["example.org/hook", "env:A B", "://x"])
def test_a_channel_that_is_no_url_is_refused(url: str) -> None:
    """What came is not repeated: it may be a secret."""
    said = refusal(monitoring={"alerts": {"channels": [{"url": url}]}})
    assert "monitoring.alerts.channels[0].url: expected an Apprise URL" in said
    assert url not in said


def test_a_channel_that_asks_for_more_than_is_sent_is_refused() -> None:
    """Nothing milder than `alerts.min_severity` is sent to anybody."""
    channel = {"url": "json://host", "min_severity": "info"}
    said = refusal(monitoring={"alerts": {"channels": [channel], "min_severity": "error"}})
    assert "channels[0].min_severity: expected at least what alerts.min_severity says, error" in said
    build(monitoring={"alerts": {"channels": [channel], "min_severity": "info"}})


@pytest.mark.parametrize("owner", ["me@localhost", "x y@example.org", "team:", "@"])
def test_an_owner_that_dagster_would_not_take_is_refused(owner: str) -> None:
    """Assets are shown with it."""
    assert "brief.owner: expected a mail address or the name of a team" in refusal(brief={"owner": owner})
    with pytest.raises(dg.DagsterInvalidDefinitionError):
        dg.AssetSpec("a", owners=owners_of(_owned_by(owner)))


@pytest.mark.parametrize("owner", ["risk@example.org", "Risk & Credit", "team:risk", ""])
def test_people_and_teams_own_projects(owner: str) -> None:
    """Or nobody is named."""
    dg.AssetSpec("a", owners=owners_of(build(brief={"owner": owner})))


@pytest.mark.parametrize("strategy", ["shadow", "canary", "ab"])
def test_a_rollout_needs_the_log_that_it_is_judged_by(strategy: str) -> None:
    """Without one it would wait until it is rolled back."""
    said = refusal(release={"rollout": {"strategy": strategy}}, serving={"log": False})
    assert "release.rollout.strategy: expected serving.log: true" in said


def _owned_by(owner: str) -> ProjectConfig:
    """A project that did not come from a YAML."""
    plain = build()
    return plain.model_copy(update={"brief": plain.brief.model_copy(update={"owner": owner})})
