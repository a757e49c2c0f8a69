"""What the command prints on a terminal: progress, tables, outcomes. Colours and words only, no decisions."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ml_lifecycle.orchestration.runs import RunOutcome
from ml_lifecycle.orchestration.simulation import SimulatedDay
from ml_lifecycle.orchestration.status import AssetStatus, Gate, ProjectStatus

_PASSED, _FAILED, _WARNED = "[green]passed[/]", "[red]FAILED[/]", "[yellow]warning[/]"

#: Metadata that only the machine reads.
_INTERNAL = frozenset({"lake", "fingerprint", "collection_state", "profile"})
_WIDEST = 300


def _console() -> Console:
    """Made at each call, so that it writes where standard output is now."""
    return Console(highlight=False)


class _Bar:
    """A progress bar that is shown while a block runs, and left as it is afterwards."""

    def __init__(self, title: str, unit: str, total: int, *, silent: bool) -> None:
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn(f"{{task.completed}}/{{task.total}} {unit}"),
            TimeElapsedColumn(),
            console=_console(),
            disable=silent,
        )
        self._title, self._silent = title, silent
        self._task = self._bar.add_task(title, total=total)

    def __enter__(self) -> Self:
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the bar as it is."""
        self._bar.stop()


class StepProgress(_Bar):
    """A progress bar over the steps of a run."""

    def __init__(self, title: str, steps: int, *, silent: bool) -> None:
        super().__init__(title, "steps", steps, silent=silent)

    def __call__(self, step: str, *, ended: bool) -> None:
        """Show which step is under way."""
        name = step.rsplit("__", 1)[-1]
        if ended:
            self._bar.advance(self._task)
        self._bar.update(self._task, description=f"{self._title}: {name}")


class SimulationPrinter(_Bar):
    """One line per simulated day."""

    def __init__(self, days: int, *, silent: bool) -> None:
        super().__init__("simulating", "days", days, silent=silent)

    def __call__(self, day: SimulatedDay) -> None:
        """Print a day."""
        self._bar.advance(self._task)
        if self._silent:
            return
        colour = "green" if day.finding == "ok" else "yellow"
        text = f"{day.day}  {day.applications:4d} rows {day.outcomes:4d} outcomes  v{day.champion}"
        text += f"  [{colour}]{day.finding:11}[/]  {day.decision}"
        if not day.monitor.succeeded:
            text += "\n            [red]monitoring stopped:[/] " + _why(day.monitor)
        if day.retrain is not None:
            text += "\n            " + _retrained(day.retrain, day.champion)
        self._bar.console.print(text, soft_wrap=True)


def _retrained(outcome: RunOutcome, champion: str | None) -> str:
    if outcome.succeeded:
        return f"[green]retrained and promoted: version {champion} is in production[/]"
    return f"[yellow]retrained, not promoted: {_why(outcome)}[/]"


def _why(outcome: RunOutcome) -> str:
    return "; ".join(gate.verdict.summary for gate in outcome.gates) or outcome.failure


def print_rows(title: str, rows: Iterable[Mapping[Any, Any]]) -> None:
    """Print dictionaries of the same keys as a table."""
    rows = list(rows)
    table = Table(title=title, title_justify="left")
    for name in rows[0] if rows else ("nothing",):
        table.add_column(str(name))
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    _console().print(table)


def print_draft(name: str, folder: Path, guesses: Sequence[Any]) -> None:
    """Say what was written and what was guessed."""
    rows = [{"what": guess.what, "guessed": guess.value, "because": guess.why} for guess in guesses]
    print_rows(f"Project {name}: what was guessed", rows)
    _console().print(f"Written: {folder}/defs.yaml and schema.yaml. Read them, correct what is wrong, then:")
    _console().print(f"  ml-lifecycle run {name}")


def print_assets(outcome: RunOutcome, assets: Sequence[AssetStatus]) -> None:
    """Print what single assets say of themselves, and what stopped the run that made them."""
    console = _console()
    for item in assets:
        console.print(f"[bold]{item.asset}[/]{' (unchanged)' if item.reused else ''}")
        for name, value in item.metadata.items():
            if name not in _INTERNAL:
                console.print(f"  {name}: {_shortened(value)}", markup=False)
    _print_gates(console, [gate for item in assets for gate in item.gates], only_trouble=False)
    _print_trouble(console, outcome)


def _shortened(value: object) -> str:
    text = str(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 4]} ..."


def print_outcome(outcome: RunOutcome, status: ProjectStatus, verb: str) -> None:
    """Print how a run ended."""
    console = _console()
    word = "[green]succeeded[/]" if outcome.succeeded else "[red]stopped[/]"
    console.print(
        f"\n{outcome.job} {word} in {outcome.seconds:.1f} s: {len(outcome.computed)} assets computed, "
        f"{len(outcome.reused)} unchanged"
    )
    if verb != "monitor":
        _print_metrics(console, status)
    _print_gates(console, status.gates, only_trouble=verb == "monitor")
    _print_versions(console, status)
    console.print(
        f"Dagster run: {outcome.run_id}   (`ml-lifecycle up`, then http://127.0.0.1:3000/runs/{outcome.run_id})"
    )
    _print_trouble(console, outcome)


def _print_trouble(console: Console, outcome: RunOutcome) -> None:
    for gate in outcome.gates:
        console.print(f"\n[red]{gate.asset}.{gate.verdict.gate} stopped the run:[/] {gate.verdict.summary}")
        if gate.verdict.advice:
            console.print(f"  What to do: {gate.verdict.advice}")
    if outcome.failure:
        console.print(f"\n[red]The run failed:[/] {outcome.failure}")


def print_status(status: ProjectStatus) -> None:
    """Print a project as it stands."""
    console = _console()
    console.print(f"[bold]{status.project}[/] ({status.task})")
    _print_versions(console, status)
    _print_metrics(console, status)
    _print_gates(console, status.gates, only_trouble=False)
    if status.windows:
        print_rows("Last monitoring windows", status.windows)
    if status.runs:
        print_rows("Last runs", status.runs)


def _print_versions(console: Console, status: ProjectStatus) -> None:
    console.print(f"In production: {status.champion or 'none'}   newest version: {status.candidate or 'none'}")
    if status.waits_for:
        console.print(f"[yellow]Waits for approval:[/] {escape(status.waits_for)}")
    if status.mlflow_run:
        console.print(f"MLflow run: {status.mlflow_run}")


def _print_metrics(console: Console, status: ProjectStatus) -> None:
    if not status.metrics:
        return
    table = Table(title="Test metrics", title_justify="left")
    for name in ("metric", "value", "interval"):
        table.add_column(name)
    for name, (value, low, high) in status.metrics.items():
        table.add_row(name, f"{value:.4f}", f"{low:.4f} to {high:.4f}")
    console.print(table)


def _print_gates(console: Console, gates: Sequence[Gate], *, only_trouble: bool) -> None:
    shown = [gate for gate in gates if not (only_trouble and gate.passed)]
    if not shown:
        return
    table = Table(title="Gates", title_justify="left")
    for name in ("asset", "gate", "verdict", "because"):
        table.add_column(name)
    for gate in shown:
        verdict = _PASSED if gate.passed else (_FAILED if gate.blocking else _WARNED)
        table.add_row(gate.asset, gate.name, verdict, gate.summary)
    console.print(table)
