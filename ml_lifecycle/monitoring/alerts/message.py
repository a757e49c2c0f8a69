"""`Alert`: something that a person should know, and how it reads. Where it goes lives in `delivery`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from ml_lifecycle.config.alerts import AlertsConfig, AlertSeverity

#: Kinds beside those of the YAML; they go to every channel whatever kinds it is told of.
TEST, RESOLVED, DIGEST = "test", "resolved", "digest"


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that a person should know.

    Args:
        title: One line.
        body: What has happened, with figures.
        severity: `info`, `warn`, `error` or `critical`.
        project: The project it is about.
        run_id: The run it comes from, or an empty text.
        what_to_do: Advice.
        owner: Who has to act.
        kind: What it is about, an `AlertKind` of the YAML or `test`, `resolved`, `digest`.
        key: Kind and subject: as long as it stands, the same key is told once.
    """

    title: str
    body: str
    severity: str
    project: str
    run_id: str
    what_to_do: str
    owner: str = ""
    kind: str = "failed_run"
    key: str = ""

    @property
    def identity(self) -> str:
        """The key, or what stands for one where nobody gave any.

        >>> Alert("a is late", "b", "warn", "p", "", "").identity
        'failed_run:a is late'
        """
        return self.key or f"{self.kind}:{self.title}"

    @property
    def rank(self) -> int:
        """How severe it is, from 0."""
        return AlertSeverity(self.severity).rank

    def owned(self, config: AlertsConfig, owner: str) -> Alert:
        """The same with the owner that the YAML names for its kind, or else the one that is given."""
        named = {kind.value: name for kind, name in config.owners.items()}
        return replace(self, owner=self.owner or named.get(self.kind, owner))

    def text(self) -> str:
        """All but the title, for people."""
        lines = [
            self.body,
            f"What to do: {self.what_to_do}" if self.what_to_do else "",
            f"Owner: {self.owner}" if self.owner else "",
            f"Run: {self.run_id}" if self.run_id else "",
        ]
        return "\n".join(line for line in lines if line)

    def as_json(self, now: datetime) -> dict[str, Any]:
        """The message as the webhook gets it; `text` is what chat systems show."""
        return {**asdict(self), "text": f"{self.title}\n{self.text()}", "sent_at": now.isoformat()}


def trial_alert(project: str, owner: str = "") -> Alert:
    """An alert that says that alerts arrive."""
    return Alert(
        title=f"{project}: a test of the alerts",
        body="Nothing has happened. Who reads this will be told when something does.",
        severity=AlertSeverity.CRITICAL.value,  # so that no channel finds it too mild
        project=project,
        run_id="",
        what_to_do="nothing",
        owner=owner,
        kind=TEST,
        key=f"{TEST}:{project}",
    )
