"""What a server says of itself: whether it is well, which version answers, what it has counted."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ml_lifecycle.release.packaging import HISTORY_UNTIL
from ml_lifecycle.serving.calls import Call
from ml_lifecycle.serving.champion import Provider
from ml_lifecycle.serving.metrics import Metrics
from ml_lifecycle.serving.replies import TEXT, Reply, reply_json

if TYPE_CHECKING:
    from ml_lifecycle.serving.group_commit import GroupCommit


class About:
    """Answers questions about the server.

    Args:
        project: The project.
        provider: Which version answers.
        metrics: What has been counted.
        commit: What writes the log; None where nothing is kept.
    """

    def __init__(self, project: str, provider: Provider, metrics: Metrics, commit: GroupCommit | None) -> None:
        self._project = project
        self._provider = provider
        self._metrics = metrics
        self._commit = commit

    async def live(self, _call: Call) -> Reply:
        """Whether the process answers."""
        return reply_json({"status": "live"})

    async def ready(self, _call: Call) -> Reply:
        """Whether a version answers."""
        served = self._provider.served
        version = served.version if served else None
        said = {"ready": served is not None, "model_version": version, "problem": self._provider.problem}
        return reply_json(said, HTTPStatus.OK if served else HTTPStatus.SERVICE_UNAVAILABLE)

    async def ping(self, _call: Call) -> Reply:
        """The same in the way of MLflow."""
        there = self._provider.served is not None
        return reply_json({}, HTTPStatus.OK if there else HTTPStatus.SERVICE_UNAVAILABLE)

    async def version(self, _call: Call) -> Reply:
        """Which version answers."""
        return reply_json(_version(self._project, self._provider))

    async def count(self, _call: Call) -> Reply:
        """What has been counted, for Prometheus."""
        served = self._provider.served
        facts = None if self._commit is None else self._commit.facts()
        gauges: dict[str, float] = {}
        if facts is not None:
            gauges["log_waiting"] = facts.waiting
            gauges["log_commit_seconds"] = facts.last_seconds
            gauges["log_refused"] = facts.refused
        told = {} if served is None else {"version": served.version, "digest": served.scorer.package.manifest.digest}
        return Reply(HTTPStatus.OK, self._metrics.to_text(gauges, told), TEXT)


def _version(project: str, provider: Provider) -> dict[str, Any]:
    served = provider.served
    if served is None:
        return {"project": project, "model_version": None}
    package = served.scorer.package
    manifest = package.manifest
    until = {HISTORY_UNTIL: manifest.facts.get(HISTORY_UNTIL)} if package.history is not None else {}
    return {
        "project": project,
        "model_version": served.version,
        "created_at": manifest.created_at,
        "kind": manifest.kind.value,
        "target": manifest.target,
        "columns": list(manifest.columns),
        "package_digest": manifest.digest,
        **until,
    }
