"""What the data commands do with a bare file that belongs to no project: validate, audit, split."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from ml_lifecycle.cli.running import print_json, require_writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from ml_lifecycle.config.brief import Task
    from ml_lifecycle.config.dataset import DatasetConfig
    from ml_lifecycle.verdict import Verdict

_SHOWN = 20
#: The roles of columns that each method of a split looks at.
_USED_BY = {"time": ("event_time", "group"), "group": ("group",), "stratified_group": ("group",)}


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """What the command says of a split; None is what the YAML's default would be.

    Args:
        target: The column to predict.
        event_time: When a row happened.
        group: Rows that stay together.
        method: As `dataset.split.method`.
        fractions: Three shares, separated by commas.
        gap_days: As `dataset.split.gap_days`.
    """

    target: str | None
    event_time: str | None = None
    group: str | None = None
    method: str | None = None
    fractions: str | None = None
    gap_days: float | None = None


def validate_file(data: Path, schema: Path, quarantine: Path | None, *, as_json: bool) -> None:
    """Hold a file against a schema; leave with 1 if a gate fails."""
    from ml_lifecycle.config.dataset import DatasetConfig
    from ml_lifecycle.dataset.quarantine import validate_rows
    from ml_lifecycle.dataset.rows import identify
    from ml_lifecycle.dataset.schema import load_schema
    from ml_lifecycle.orchestration.console import print_rows

    require_writable(quarantine, "--quarantine")
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

    require_writable(report, "--report")
    frame = _read(data)
    audit = audit_rows(frame, target=target)
    if report is not None:
        from ml_lifecycle.discovery.audit.html import render_audit

        report.write_bytes(render_audit(audit, frame, f"{data.name}: data audit"))
    if as_json:
        print_json(audit.to_dict())
    else:
        print_rows(f"{data.name}: findings", audit.table.to_dict("records"))


def split_file(data: Path, options: SplitOptions, *, out: Path | None, as_json: bool) -> None:
    """Divide the rows of a file; leave with 1 if a gate fails."""
    from ml_lifecycle.config.brief import Task
    from ml_lifecycle.dataset.leakage import judge_splits
    from ml_lifecycle.dataset.rows import identify
    from ml_lifecycle.dataset.splits import split_rows
    from ml_lifecycle.orchestration.console import print_rows

    require_writable(out, "--out")
    frame = identify(_read(data))
    target = _require_columns(frame, data, options)
    task = Task.CLASSIFICATION if frame[target].nunique() <= _SHOWN else Task.REGRESSION
    config = _split_config(data, options, task)
    splits = split_rows(frame, config, target=target, task=task)
    verdicts = judge_splits(frame, splits, config, target=target, task=task)
    if out is not None:
        numbered = splits.assignment.assign(row=range(1, len(frame) + 1))  # split_rows keeps the order of the file
        numbered[["row", *splits.assignment.columns]].to_csv(out, index=False)
    counts = splits.assignment["_split"].value_counts().rename_axis("split").rename("rows").reset_index()
    said = {
        "method": splits.method,
        "event_time": config.event_time,
        "group": config.group,
        "facts": dict(splits.facts),
        "rows": counts.to_dict("records"),
        "gates": [asdict(verdict) for verdict in verdicts],
    }
    if as_json:
        print_json(said)
    else:
        by = " and ".join(filter(None, (config.event_time, config.group)))
        print_rows(f"{data.name}: {splits.method}{by and f' by {by}'}", counts.to_dict("records"))
        _print_verdicts(verdicts)
    _leave(verdicts)


def _require_columns(frame: "pd.DataFrame", data: Path, options: SplitOptions) -> str:
    """The target, now that the columns that options name are known to be there and to hold what is asked of them."""
    from ml_lifecycle.dataset.suggestions import require_columns, suggest
    from ml_lifecycle.dataset.time_columns import read_times
    from ml_lifecycle.errors import ConfigError

    known = [str(name) for name in frame.columns[1:]]
    if options.target is None:
        raise ConfigError(
            "--target is missing", expected="the column to predict", got="none", advice=suggest("", known)
        )
    named = {"--target": options.target, "--event-time": options.event_time, "--group": options.group}
    for option, column in named.items():
        require_columns([] if column is None else [column], known, place=data.name, key=option)
    if options.event_time is not None:
        read_times(frame[options.event_time], key="--event-time")
    return options.target


def _split_config(data: Path, options: SplitOptions, task: "Task") -> "DatasetConfig":
    from pydantic import ValidationError

    from ml_lifecycle.config.dataset import DatasetConfig
    from ml_lifecycle.config.loading import describe
    from ml_lifecycle.dataset.splits import choose_method
    from ml_lifecycle.errors import ConfigError

    shares = None if options.fractions is None else [part.strip() for part in options.fractions.split(",")]
    split = {"method": options.method, "fractions": shares, "gap_days": options.gap_days}
    roles = {"event_time": options.event_time, "group": options.group}
    try:
        config = DatasetConfig.model_validate(
            {
                "sources": [{"path": str(data)}],
                "split": {name: value for name, value in split.items() if value is not None},
                **roles,
            }
        )
    except ValidationError as error:
        raise ConfigError(
            "an option of the split is wrong",
            expected="a method, shares and days as dataset.split in README.md describes them",
            got=describe(error),
            advice="correct --method, --fractions (such as 0.7,0.15,0.15) or --gap-days",
        ) from None
    method = choose_method(config, task)
    if options.gap_days and method != "time":
        raise ConfigError(
            f"a {method} split has no gap",
            expected="--gap-days with a split by time",
            got=f"--gap-days {options.gap_days:g}",
            advice="leave it out, or give --event-time and --method time",
        )
    for role, column in roles.items():
        if column is not None and role not in _USED_BY.get(method, ()):
            option = f"--{role.replace('_', '-')}"
            raise ConfigError(
                f"a {method} split does not use {option}",
                expected="columns that the method uses",
                got=f"{option} {column}",
                advice=f"leave {option} out, or choose --method time, which takes both a time and a group, "
                "or group, which takes a group",
            )
    return config


def _read(data: Path) -> "pd.DataFrame":
    from ml_lifecycle.config.sources import SourceConfig
    from ml_lifecycle.dataset.sources import read_source
    from ml_lifecycle.errors import DataError

    try:
        return read_source(SourceConfig(path=str(data), encoding="auto"), root=Path.cwd(), home=Path.cwd())
    except DataError as error:
        advice = error.advice.replace("correct dataset.sources:", "correct --data:")
        if "dataset.sources" in advice:
            advice += " (in a project: `ml-lifecycle init` makes one; a bare file has no such keys)"
        raise DataError(error.what, expected=error.expected, got=error.got, advice=advice) from error


def _print_verdicts(verdicts: "Sequence[Verdict]") -> None:
    for verdict in verdicts:
        word = "passed" if verdict.passed else "FAILED" if verdict.blocks else "warning"
        typer.echo(f"{verdict.gate}: {word}. {verdict.summary}")


def _leave(verdicts: "Sequence[Verdict]") -> None:
    if any(verdict.blocks for verdict in verdicts):
        raise typer.Exit(1)
