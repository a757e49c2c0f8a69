"""The change of the version in production: MLflow's alias and the ledger together, or neither.

Who may rise is decided in `deployment` and `rollback`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from ml_lifecycle.errors import StateError
from ml_lifecycle.release.ledger import Entry, Ledger, State
from ml_lifecycle.release.registry import CHALLENGER, CHAMPION, Registry


def change_champion(
    lines: Sequence[Entry],
    *,
    current: str | None,
    registry: Registry,
    ledger: Ledger,
    barred: Collection[State] = (),
) -> None:
    """Move the alias, then write the ledger, which decides: where it refuses, the alias goes where the ledger says.

    Args:
        lines: What is written, in one transaction; the last one names the new version in production.
        current: The version in production as the caller knows it; None for none.
        registry: Where the alias moves.
        ledger: Where it is written down.
        barred: States from which the version may not rise, should somebody have put it there meanwhile.

    Raises:
        StateError: The version was taken back or another one went into production meanwhile; MLflow or the database
            refuses.
    """
    project, version = lines[-1].project, lines[-1].version
    registry.set_alias(project, CHAMPION, version)
    try:
        ledger.succeed(lines, champion=current, barred=barred)
    except StateError:
        settled = ledger.champion(project)
        if settled is not None:
            registry.set_alias(project, CHAMPION, settled)
        raise
    if registry.version_of(project, CHALLENGER) == version:
        registry.drop_alias(project, CHALLENGER)
