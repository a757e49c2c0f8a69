"""`audit_rows`: look at a table column by column, then at pairs, rows and history. Checks have modules.

Columns are read one at a time, so an audit holds the table and one column more. Which columns leak the target is not
asked here; that is the risk assessment's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.dataset.coercion import ColumnType
from ml_lifecycle.dataset.sources import suggest
from ml_lifecycle.discovery.audit.codes import find_codes
from ml_lifecycle.discovery.audit.column_reading import read_column
from ml_lifecycle.discovery.audit.columns import Column, SampledColumn
from ml_lifecycle.discovery.audit.drift import find_drift
from ml_lifecycle.discovery.audit.duplicates import RowHashes, find_repeated_keys
from ml_lifecycle.discovery.audit.findings import Finding
from ml_lifecycle.discovery.audit.limits import AuditLimits
from ml_lifecycle.discovery.audit.merging import merge_alike
from ml_lifecycle.discovery.audit.missing import MissingCells, find_missing, note_missing
from ml_lifecycle.discovery.audit.numbers import find_infinite, find_tails
from ml_lifecycle.discovery.audit.pairs import find_correlated, measure_pairs
from ml_lifecycle.discovery.audit.report import AuditScope, DataAudit
from ml_lifecycle.discovery.audit.sensitive import find_sensitive, is_personal
from ml_lifecycle.discovery.audit.statistics import describe_column, tabulate_statistics
from ml_lifecycle.discovery.audit.table import NO_WINDOW, History, Roles, Table, divide_history
from ml_lifecycle.discovery.audit.target import TARGET_TYPES, describe_target, find_target_faults
from ml_lifecycle.discovery.audit.texts import find_text_faults
from ml_lifecycle.discovery.audit.times import find_time_faults
from ml_lifecycle.discovery.audit.values import find_categories, find_constant, find_identifier, names_rows
from ml_lifecycle.errors import DataError

_ALWAYS = (find_repeated_keys, find_codes, find_infinite, find_text_faults)
_DESCRIPTIVE = (find_tails, find_categories, find_time_faults)
_MISSING_TYPES = {"column": "object", "part": "object", "rows": "int64", "share": "float64"}
_CELLS = 6_000_000  # of the sample: some hundred MB while pairs are measured
_LEAST_SAMPLE = 2_000
_PROBED = 1_000  # cells from which a column is suspected to hold times


@dataclass
class _Gathered:
    """What one pass over the columns leaves behind."""

    hashes: RowHashes
    findings: list[Finding] = field(default_factory=list)
    statistics: list[dict[str, Any]] = field(default_factory=list)
    missing: list[MissingCells] = field(default_factory=list)
    features: list[SampledColumn] = field(default_factory=list)
    target: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(TARGET_TYPES)).astype(TARGET_TYPES))


def audit_rows(
    frame: pd.DataFrame,
    project: ProjectConfig | None = None,
    *,
    target: str | None = None,
    event_time: str | None = None,
    seed: int = 0,
    rows: int = 20_000,
    now: datetime | None = None,
    limits: AuditLimits | None = None,
) -> DataAudit:
    """Audit a table.

    Args:
        frame: The rows.
        project: Says which columns have a role, which codes are declared, which findings are accepted.
        target: The column to predict, where no project says it.
        event_time: When a row happened, where no project says it; the only column of times by default.
        seed: Seed of the sample.
        rows: Rows on which pairs of columns and drift are measured; everything else is measured on all.
        now: The time that nothing may lie after, without a zone in UTC; the present by default.
        limits: From when on the audit speaks up.

    Raises:
        DataError: A named column is absent, two columns have one name, or there are no rows.
    """
    limits = limits or AuditLimits()
    roles = _known_roles(frame, project) if project else Roles()
    roles = replace(roles, target=target or roles.target, event_time=event_time or roles.event_time)
    _require(frame, roles)
    roles = roles if roles.event_time else replace(roles, event_time=_only_time(frame))
    table = Table(
        frame,
        roles,
        limits,
        now or datetime.now(UTC).replace(tzinfo=None),
        _draw(frame, rows, seed),
        _divide(frame, roles, limits),
    )
    gathered = _Gathered(RowHashes(len(frame)))
    for place in table.audited:
        _look_at(read_column(_named(frame, place)), table, gathered)
    return _conclude(gathered, table, seed)


def _known_roles(frame: pd.DataFrame, project: ProjectConfig) -> Roles:
    """What the project says; a target that is still to be labelled, or a time that is lacking, is not in the rows."""
    roles = Roles.of(project)
    names = {str(name) for name in frame.columns}
    return replace(
        roles,
        target=roles.target if roles.target in names else None,
        event_time=roles.event_time if roles.event_time in names else None,
    )


def _require(frame: pd.DataFrame, roles: Roles) -> None:
    names = [str(name) for name in frame.columns]
    for role, name in (("target", roles.target), ("event time", roles.event_time)):
        if name is not None and name not in names:
            raise DataError(
                f"the {role} column is not in the table",
                expected=f"a column {name!r}",
                got=f"{len(names)} columns without it",
                advice=suggest(name, names),
            )
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice or not len(frame) or not names:
        raise DataError(
            "the table cannot be audited",
            expected="rows, and columns of different names",
            got=f"several columns called {', '.join(map(repr, twice))}"
            if twice
            else f"{len(frame)} rows of {len(names)} columns",
            advice="rename the columns" if twice else "check the source",
        )


def _named(frame: pd.DataFrame, place: int) -> pd.Series:
    return frame.iloc[:, place].rename(str(frame.columns[place]))


def _only_time(frame: pd.DataFrame) -> str | None:
    """The column of times, if there is just one; looked for on some rows."""
    probe = frame.iloc[:: max(1, len(frame) // _PROBED)]
    times = [
        str(name)
        for place, name in enumerate(frame.columns)
        if not pd.api.types.is_numeric_dtype(frame.dtypes.iloc[place])
        and read_column(_named(probe, place)).kind is ColumnType.TIME
    ]
    return times[0] if len(times) == 1 else None


def _draw(frame: pd.DataFrame, rows: int, seed: int) -> npt.NDArray[np.intp]:
    """Rows of the sample; fewer where columns are very many, since every pair of them is measured."""
    available, wanted = len(frame), min(rows, max(_LEAST_SAMPLE, _CELLS // frame.shape[1]))
    if available <= wanted:
        return np.arange(available)
    return np.sort(np.random.default_rng(seed).choice(available, wanted, replace=False))


def _divide(frame: pd.DataFrame, roles: Roles, limits: AuditLimits) -> History:
    places = [place for place, name in enumerate(frame.columns) if str(name) == roles.event_time]
    times = read_column(_named(frame, places[0])) if places else None
    return divide_history(len(frame), times, limits.windows)


def _look_at(column: Column, table: Table, gathered: _Gathered) -> None:
    """One column: its figures, its findings, and what pairs, rows and history need of it."""
    role = table.roles.role_of(column.name)
    gathered.hashes.add(column, table)
    sensitive = list(find_sensitive(column, table))
    hidden = is_personal(sensitive)
    gathered.findings += sensitive
    gathered.statistics.append(describe_column(column, table, hidden=hidden))
    cells = note_missing(column, table.history)
    if cells is not None:
        gathered.missing.append(cells)
    if role == "target":
        gathered.target = describe_target(column, table)
        gathered.findings += find_target_faults(column, table)
    if hidden:  # other checks show values as examples, and what names persons is no feature anyway
        gathered.findings += find_repeated_keys(column, table)
        return
    gathered.findings += [finding for check in _ALWAYS for finding in check(column, table)]
    constant = list(find_constant(column, table))
    if role == "dropped" or (role == "target" and constant):
        return
    gathered.findings += constant
    if constant:
        return
    identifiers = list(find_identifier(column, table))
    gathered.findings += identifiers
    if identifiers or names_rows(column, table) or role == "id":
        return
    gathered.findings += [finding for check in _DESCRIPTIVE for finding in check(column, table)]
    gathered.features.append(column.sample(table.positions))


def _conclude(gathered: _Gathered, table: Table, seed: int) -> DataAudit:
    order = [str(row["column"]) for row in gathered.statistics]
    roles = table.roles
    pairs = measure_pairs([column for column in gathered.features if column.name not in roles.keys], table.limits)
    among_features = pairs[(pairs["one"] != roles.target) & (pairs["other"] != roles.target)]
    dropped = {name for name in order if roles.role_of(name) == "dropped"}
    cells = [item for item in gathered.missing if item.name not in dropped | {roles.target}]
    found = [
        *gathered.findings,
        *find_missing(cells, table),
        *find_correlated(among_features, order, table.limits),
        *gathered.hashes.find(table),
        *find_drift(gathered.features, table),
    ]
    judged = merge_alike(_accept(finding, roles) for finding in found if finding.name not in roles.handled)
    scope = AuditScope(
        rows=table.rows,
        columns=len(order),
        sampled_rows=len(table.positions),
        seed=seed,
        target=roles.target or "",
        history=table.history.by or "",
        now=table.now.isoformat(sep=" ", timespec="seconds"),
        fails_from=table.limits.fails_from,
    )
    ranked = sorted(judged, key=lambda finding: (bool(finding.accepted), finding.severity.rank, finding.kind))
    missing = _tabulate_missing(gathered.missing, table.history)
    return DataAudit(scope, tuple(ranked), tabulate_statistics(gathered.statistics), pairs, gathered.target, missing)


def _accept(finding: Finding, roles: Roles) -> Finding:
    """A person accepts a finding by its name, or all of a kind."""
    reason = roles.accepted.get(finding.name) or roles.accepted.get(finding.kind, "")
    return replace(finding, accepted=reason)


def _tabulate_missing(cells: list[MissingCells], history: History) -> pd.DataFrame:
    sizes = np.bincount(history.window[history.window != NO_WINDOW], minlength=len(history.starts))
    found = [
        {"column": item.name, "part": start, "rows": int(lacking), "share": lacking / max(size, 1)}
        for item in cells
        for start, lacking, size in zip(history.starts, item.windows.tolist(), sizes.tolist(), strict=True)
    ]
    return pd.DataFrame(found, columns=list(_MISSING_TYPES)).astype(_MISSING_TYPES)
