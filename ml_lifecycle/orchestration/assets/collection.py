"""The asset of collected rows."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.data_versions import CONTENT_KEY, RAW, STATE_KEY, read_version, version_number
from ml_lifecycle.orchestration.naming import DATA_VERSION_TAG
from ml_lifecycle.orchestration.records import latest_json
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_table, rows_of
from ml_lifecycle.orchestration.step import Made, StepSpec, step

if TYPE_CHECKING:
    from ml_lifecycle.dataset.sources import RawRows

#: Parts of the section that the rows themselves do not depend on.
_LATER = frozenset({"split", "quarantine_share", "schema_file", "cleaning", "labeling", "augmentation", "risks"})


def collection_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Raw data."""
    data = project.dataset

    def outer(context: dg.AssetExecutionContext) -> str:
        from ml_lifecycle.dataset.sources import source_fingerprint

        pinned = context.run.tags.get(DATA_VERSION_TAG)
        if pinned is not None:
            return f"version {pinned}"
        workspace = Workspace(project)
        sources = source_fingerprint(data, root=project.root, home=workspace.home.path)
        return f"{sources}:{workspace.log.labelled_count(project.name) if data.include_production else 0}"

    spec = StepSpec(
        RAW,
        "dataset",
        kinds=("table", "deltalake", "pandas"),
        after=("problem_brief",),
        sections=(data.model_dump(mode="json", exclude=set(_LATER)), project.brief.target),
        outer=outer,
    )

    @step(project, spec)
    def raw_data(context: dg.AssetExecutionContext) -> Made:
        """The rows of the sources, and those from production whose outcome has become known, with one identity each."""
        from ml_lifecycle.dataset.sources import PRODUCTION, judge_fresh, judge_not_empty

        context.resources.ml_lifecycle_tracking.open(project.name)
        pinned = context.run.tags.get(DATA_VERSION_TAG)
        rows, told = _repeat(project, pinned) if pinned else _collect(context, project)
        context.log.info(f"{len(rows.frame):,} rows from {len(rows.files)} files")
        return Made(
            rows.frame,
            verdicts=[judge_not_empty(rows), judge_fresh(rows, data, datetime.now(UTC).replace(tzinfo=None))],
            metadata={
                **rows_of(rows.frame),
                **told,
                "files": dg.MetadataValue.json(dict(rows.file_rows)),
                "production_rows": int(rows.file_rows.get(PRODUCTION, 0)),
                "labels_known": Workspace(project).log.labelled_count(project.name),
                CONTENT_KEY: rows.fingerprint,
                "preview": as_table(rows.frame),
            },
            data_version=rows.fingerprint,
        )

    return [raw_data]


def _collect(context: dg.AssetExecutionContext, project: ProjectConfig) -> tuple["RawRows", dict[str, Any]]:
    """The rows of the sources, and what the UI is told of them."""
    from ml_lifecycle.dataset.collection import collect

    workspace = Workspace(project)
    collected = collect(
        project.dataset,
        root=project.root,
        home=workspace.home.path,
        store=workspace.home.collected / project.name,
        previous=latest_json(context.instance, dg.AssetKey([project.name, RAW]), STATE_KEY),
        target=project.brief.target,
        production=production_rows(project, workspace),
    )
    report = collected.report
    told: dict[str, Any] = {
        "summary": report.summary,
        "new_rows": report.new_rows,
        "vanished_rows": report.vanished_rows,
        "sources": as_table(report.to_frame(), rows=50),
        STATE_KEY: dg.MetadataValue.json(collected.state),
    }
    if collected.raw.joins:
        told["joins"] = as_table(join_table(collected.raw.joins), rows=50)
    return collected.raw, told


def join_table(joins: Any) -> Any:
    """One row for each join: how many rows have found a partner."""
    from dataclasses import asdict

    import pandas as pd

    return pd.DataFrame([asdict(join) for join in joins])


def _repeat(project: ProjectConfig, pinned: str) -> tuple["RawRows", dict[str, Any]]:
    """The rows of an old version, as the lake kept them."""
    from ml_lifecycle.dataset.rows import fingerprint
    from ml_lifecycle.dataset.sources import RawRows

    frame = read_version(project, version_number(pinned))
    name = f"version {pinned}"
    return RawRows(frame, (name,), fingerprint(frame), {name: len(frame)}), {"repeats_version": int(pinned)}


def production_rows(project: ProjectConfig, workspace: Workspace) -> Any:
    """Rows that were scored in production and whose outcome is known by now; None where there are none."""
    data = project.dataset
    if not data.include_production or data.id is None:
        return None
    rows = workspace.log.labelled_rows(
        project.name,
        id_column=data.id,
        target=project.brief.target,
        event_time=data.event_time,
        entity=data.entity,
        outcome_time=data.outcome_time,
    )
    # A client may send history of its own. It is no column of the sources, and learning computes it anew.
    own = [name for name in history_names(project) if name in rows.columns]
    return None if rows.empty else rows.drop(columns=own)


def history_names(project: ProjectConfig) -> tuple[str, ...]:
    """The history columns that the project asks for."""
    from ml_lifecycle.features.history.plan import HistorySpec

    entity = project.dataset.entity
    specs = [
        HistorySpec(
            column=wanted.column,
            by=wanted.by or entity or "",
            event_time="",
            known_at=None,
            lags=wanted.lags,
            windows=wanted.windows,
            statistics=wanted.statistics,
            suffix=f"__by_{wanted.by}" if wanted.by not in {None, entity} else "",
        )
        for wanted in project.features.history
    ]
    return tuple(name for spec in specs for name in spec.outputs)
