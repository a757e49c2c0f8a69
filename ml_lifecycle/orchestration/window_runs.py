"""One run over many windows: each is judged by itself, and what they leave is written together, portion by portion.

An asset's body sees one window whatever the run; `step` calls it for each. What costs much and is the same for all
windows of a run is made once (`once`); pictures and long texts are made for the last window only (`drawn_last`,
`told_at_length`).
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any, Protocol, TypeVar

import dagster as dg
from dagster._core.execution.context.metadata_logging import (
    AssetMetadataHandle,
    OutputMetadataAccumulator,
    OutputMetadataHandle,
)

from ml_lifecycle.orchestration.lake import Lake, LakeRecord, take_apart
from ml_lifecycle.parts import Parts
from ml_lifecycle.verdict import Fact, Severity, Verdict

Found = TypeVar("Found")


class Told(Protocol):
    """A report for people, at length or in brief."""

    def markdown(self) -> str:
        """With its tables."""
        ...

    def brief(self) -> str:
        """In a few sentences."""
        ...


#: So many rows, or windows, are written at once: what lies in memory until then.
_ROWS, _WINDOWS = 200_000, 500
#: So many more objects than before are made until garbage is looked for.
_ALLOCATIONS = 100_000
#: Most names of failed windows that a verdict lists.
_NAMED = 50


class WindowRun:
    """The windows of one step of one run.

    Args:
        lake: Where values go.
        key: The asset.
        windows: The windows, oldest first.
    """

    def __init__(self, lake: Lake, key: dg.AssetKey, windows: Sequence[str]) -> None:
        self.windows = tuple(windows)
        self.records: dict[str, LakeRecord] = {}
        self.kept: dict[str, Any] = {}
        #: Values that no portion has taken to the lake yet; after the end, those of the last portion.
        self.waiting: dict[str, Any] = {}
        self._apart: dict[str, tuple[Parts, str]] = {}
        self._lake = lake
        self._key = key
        self._rows = 0

    def add(self, window: str, value: object) -> None:
        """Keep the value of a window, and write those that wait when they are many."""
        self.waiting[window] = value
        self._apart[window] = take_apart(value)
        self._rows += sum(len(frame) for frame in self._apart[window][0].tables.values())
        if self._rows >= _ROWS or len(self.waiting) >= _WINDOWS:
            self.flush()
            self.waiting = {}

    def flush(self) -> None:
        """Write what waits.

        Raises:
            StateError: The lake cannot be written.
        """
        if self._apart:
            self.records |= self._lake.write_parts(self._key.path, self._apart)
        self._apart = {}
        for name in [name for name in self.kept if name.startswith(PAST)]:
            del self.kept[name]  # what was read of the lake is old
        self._rows = 0

    def unwritten(self, table: str) -> "dict[str, Any]":
        """The rows of a table that are not in the lake yet, by window."""
        tables = {window: parts.tables for window, (parts, _) in self._apart.items()}
        return {window: found[table] for window, found in tables.items() if table in found}


#: What names begin with in `WindowRun.kept` that hold earlier windows of a table, as the lake has them.
PAST = "past:"
_PRESENT: ContextVar[WindowRun | None] = ContextVar("window_run", default=None)


class WindowContext:
    """Dagster's context as a body sees it that judges one window of several."""

    def __init__(self, context: dg.AssetExecutionContext, window: str) -> None:
        self._context = context
        self.partition_key = window

    def __getattr__(self, name: str) -> Any:
        """Everything else is Dagster's."""
        return getattr(self._context, name)


@contextmanager
def running(run: WindowRun) -> Iterator[WindowRun]:
    """Make a run the present one, for `once` and `drawn_last`; what waits is written at the end."""
    token = _PRESENT.set(run)
    try:
        with _collecting_seldom():
            yield run
            run.flush()
    finally:
        _PRESENT.reset(token)


@contextmanager
def _collecting_seldom() -> Iterator[None]:
    """Look for garbage seldom: what Dagster and the windows hold is none, and each look goes over it."""
    before = gc.get_threshold()
    gc.set_threshold(_ALLOCATIONS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def present_run() -> WindowRun | None:
    """The run over several windows that is under way in this step; None where there is one window only."""
    return _PRESENT.get()


def once(name: str, make: Callable[[], Found]) -> Found:
    """What is the same for all windows of a run: made for the first of them."""
    run = _PRESENT.get()
    if run is None:
        return make()
    if name not in run.kept:
        run.kept[name] = make()
    found: Found = run.kept[name]
    return found


def is_last(window: str) -> bool:
    """Whether a window is the only one of its run, or the last."""
    run = _PRESENT.get()
    return run is None or run.windows[-1] == window


def drawn_last(context: dg.AssetExecutionContext, **pictures: Callable[[], Any]) -> dict[str, Any]:
    """Metadata that is costly to make, for the last window of a run: it shows what the others would."""
    return {name: make() for name, make in pictures.items()} if is_last(context.partition_key) else {}


def told_at_length(context: dg.AssetExecutionContext, report: Told) -> dg.MarkdownMetadataValue:
    """A report with its tables for the only window of a run, or the last; a few sentences for the others.

    The tables of all of them are in the lake; as texts they would be most of Dagster's records, and of the time.
    """
    return dg.MetadataValue.md(report.markdown() if is_last(context.partition_key) else report.brief())


def over_windows(judged: Mapping[str, Sequence[Verdict]]) -> list[Verdict]:
    """One verdict of each gate over all windows of a run: the last failure where there is one, else the last.

    A check of Dagster has one answer per run; that of each window lies in the metadata of its materialisation.
    """
    gates: dict[str, dict[str, Verdict]] = {}
    for window, verdicts in judged.items():
        for verdict in verdicts:
            gates.setdefault(verdict.gate, {})[window] = verdict
    return [_over(found) for found in gates.values()]


def _over(found: dict[str, Verdict]) -> Verdict:
    failed = [window for window, verdict in found.items() if not verdict.passed]
    last = failed[-1] if failed else list(found)[-1]
    blocks = any(verdict.blocks for verdict in found.values())
    named: list[Fact] = list(failed[-_NAMED:])
    facts = {**found[last].facts, "windows": len(found), "windows_failed": len(failed), "failed": named}
    told = f"{len(failed)} of {len(found)} windows failed" if failed else f"none of {len(found)} windows failed"
    severity = Severity.ERROR if blocks else found[last].severity
    return replace(found[last], severity=severity, facts=facts, summary=f"{told}; {last}: {found[last].summary}")


def tell_of_windows(
    context: dg.AssetExecutionContext, key: dg.AssetKey, metadata: Mapping[str, Mapping[str, Any]]
) -> None:
    """Give each window's materialisation its own metadata.

    `context.add_asset_metadata` lists all partitions of the run and copies all that was said before, each time it is
    called: minutes for a year of hours. This does the same at once.
    """
    step = context.get_step_execution_context()
    said: dict[OutputMetadataHandle | AssetMetadataHandle, Mapping[str, Any]] = {
        AssetMetadataHandle(asset_key=key, partition_key=window): found for window, found in metadata.items()
    }
    before = step._metadata_accumulator.per_output_metadata  # noqa: SLF001 - see above
    step._metadata_accumulator = OutputMetadataAccumulator(per_output_metadata={**before, **said})  # noqa: SLF001
