"""What the data commands do with a bare file that belongs to no project: validate, audit, split."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ml_lifecycle.cli.running import print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ml_lifecycle.verdict import Verdict

_SHOWN = 20


def validate_file(data: Path, schema: Path, quarantine: Path | None, *, as_json: bool) -> None:
    """Hold a file against a schema; leave with 1 if a gate fails."""
    from ml_lifecycle.config.dataset import DatasetConfig
    from ml_lifecycle.dataset.quarantine import validate_rows
    from ml_lifecycle.dataset.rows import identify
    from ml_lifecycle.dataset.schema import load_schema
    from ml_lifecycle.orchestration.console import print_rows

    config = DatasetConfig(sources=[{"path": str(data)}])
    validated = validate_rows(identify(_read(data)), load_schema(schema), config)
    if quarantine is not None:
        validated.quarantined.to_csv(quarantine, index=False)
    reasons = validated.quarantined.groupby(["column", "check"]).size().rename("rows").reset_index()
    found = reasons.to_dict("records")
    said = {
        "rows": len(validated.good) + int(validated.quarantined["_row_id"].nunique()),
        "good": len(validated.good),
        "quarantined": int(validated.quarantined["_row_id"].nunique()),
        "reasons": found,
        "gates": [asdict(verdict) for verdict in validated.verdicts],
    }
    if as_json:
        print_json(said)
    else:
        print_rows(f"{data.name}: why rows are set aside", found)
        _print_verdicts(validated.verdicts)
    _leave(validated.verdicts)


def audit_file(data: Path, target: str | None, report: Path | None, *, as_json: bool) -> None:
    """Look at a file as the audit of a project does."""
    from ml_lifecycle.discovery.audit.audit import audit_rows
    from ml_lifecycle.orchestration.console import print_rows

    frame = _read(data)
    audit = audit_rows(frame, target=target)
    if report is not None:
        from ml_lifecycle.discovery.audit.html import render_audit

        report.write_bytes(render_audit(audit, frame, f"{data.name}: data audit"))
    if as_json:
        print_json(audit.to_dict())
    else:
        print_rows(f"{data.name}: findings", audit.table.to_dict("records"))


def split_file(
    data: Path, target: str | None, event_time: str | None, group: str | None, *, out: Path | None, as_json: bool
) -> None:
    """Divide the rows of a file; leave with 1 if a gate fails."""
    from ml_lifecycle.config.brief import Task
    from ml_lifecycle.config.dataset import DatasetConfig
    from ml_lifecycle.dataset.leakage import judge_splits
    from ml_lifecycle.dataset.rows import identify
    from ml_lifecycle.dataset.splits import split_rows
    from ml_lifecycle.orchestration.console import print_rows

    frame = identify(_read(data))
    if target is None or target not in frame.columns:
        raise typer.BadParameter(f"expected --target with one of {list(frame.columns[1:])}, got {target!r}")
    config = DatasetConfig(sources=[{"path": str(data)}], event_time=event_time, group=group)
    task = Task.CLASSIFICATION if frame[target].nunique() <= _SHOWN else Task.REGRESSION
    splits = split_rows(frame, config, target=target, task=task)
    verdicts = judge_splits(frame, splits, config, target=target, task=task)
    if out is not None:
        splits.assignment.to_csv(out, index=False)
    counts = splits.assignment["_split"].value_counts().rename_axis("split").rename("rows").reset_index()
    said = {
        "method": splits.method,
        "rows": counts.to_dict("records"),
        "gates": [asdict(verdict) for verdict in verdicts],
    }
    if as_json:
        print_json(said)
    else:
        print_rows(f"{data.name}: {splits.method}", counts.to_dict("records"))
        _print_verdicts(verdicts)
    _leave(verdicts)


def _read(data: Path) -> "pd.DataFrame":
    from ml_lifecycle.config.sources import SourceConfig
    from ml_lifecycle.dataset.sources import read_source

    return read_source(SourceConfig(path=str(data)), root=Path.cwd(), home=Path.cwd())


def _print_verdicts(verdicts: "Sequence[Verdict]") -> None:
    for verdict in verdicts:
        word = "passed" if verdict.passed else "FAILED" if verdict.blocks else "warning"
        typer.echo(f"{verdict.gate}: {word}. {verdict.summary}")


def _leave(verdicts: "Sequence[Verdict]") -> None:
    if any(verdict.blocks for verdict in verdicts):
        raise typer.Exit(1)
