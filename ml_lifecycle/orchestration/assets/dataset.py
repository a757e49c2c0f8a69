"""Assets of the room dataset: raw data, validated data with its quarantine, splits."""

import inspect
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.failures import failing_clearly
from ml_lifecycle.orchestration.memo import fingerprint
from ml_lifecycle.orchestration.resources import TRACKING_KEY, Workspace
from ml_lifecycle.orchestration.show import as_table, rows_of
from ml_lifecycle.orchestration.step import (
    Made,
    StepSpec,
    common,
    ins_of,
    materialized,
    recall,
    step,
    take_named_inputs,
    version_of,
)
from ml_lifecycle.orchestration.storage import Stored


def dataset_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Raw data, validated data with quarantined rows, splits."""
    return [_raw_data(project), _validated_data(project), _data_splits(project)]


def _raw_data(project: ProjectConfig) -> dg.AssetsDefinition:
    data = project.dataset
    reading = data.model_dump(mode="json", exclude={"split", "quarantine_share", "schema_file"})

    def outer(_context: dg.AssetExecutionContext) -> str:
        from ml_lifecycle.dataset.sources import source_fingerprint

        workspace = Workspace(project)
        files = source_fingerprint(data, root=project.root, home=workspace.home.path)
        return f"{files}:{workspace.log.labelled_count(project.name) if data.include_production else 0}"

    spec = StepSpec(
        "raw_data",
        "dataset",
        kinds=("table", "deltalake", "pandas"),
        after=("problem_brief",),
        sections=(reading, project.brief.target),
        outer=outer,
    )

    @step(project, spec)
    def raw_data(context: dg.AssetExecutionContext) -> Made:
        """The rows of the sources, and those from production whose outcome has become known, with one identity each."""
        from ml_lifecycle.dataset.sources import PRODUCTION, judge_fresh, judge_not_empty, read_rows

        context.resources.ml_lifecycle_tracking.open(project.name)
        workspace = Workspace(project)
        rows = read_rows(
            data,
            target=project.brief.target,
            root=project.root,
            home=workspace.home.path,
            production=production_rows(project, workspace),
        )
        context.log.info(f"{len(rows.frame):,} rows from {len(rows.files)} files")
        return Made(
            rows.frame,
            verdicts=[judge_not_empty(rows), judge_fresh(rows, data, datetime.now(UTC).replace(tzinfo=None))],
            metadata={
                **rows_of(rows.frame),
                "files": dg.MetadataValue.json(dict(rows.file_rows)),
                "production_rows": int(rows.file_rows.get(PRODUCTION, 0)),
                "labels_known": workspace.log.labelled_count(project.name),
                "content": rows.fingerprint,
                "preview": as_table(rows.frame),
            },
            data_version=rows.fingerprint,
        )

    return raw_data


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
    return None if rows.empty else rows


def _validated_data(project: ProjectConfig) -> dg.AssetsDefinition:
    """Validated rows and quarantined rows are two outputs of one step; the quarantine is given first.

    A blocking check ends the step at the output that it judges, and what was set aside must be kept even then.
    """
    schema_text = project.schema_path.read_text(encoding="utf-8") if project.schema_path.is_file() else ""
    kept = dg.AssetKey([project.name, "validated_data"])
    aside = dg.AssetKey([project.name, "quarantined_rows"])
    sections = (schema_text, project.dataset.quarantine_share, project.brief.target)
    spec = StepSpec("validated_data", "dataset", ("table", "deltalake", "pandera"), ("raw_data",), sections=sections)
    raw_key = dg.AssetKey([project.name, "raw_data"])
    shared = common(project, spec, description=inspect.getdoc(_validated_data) or "")
    outs = {
        key.path[-1]: dg.AssetOut(
            key=key,
            description=text,
            io_manager_key=shared["io_manager_key"],
            **{name: shared[name] for name in ("group_name", "kinds", "owners", "tags", "code_version")},
        )
        for key, text in (
            (aside, "Rows that break the schema, each with the column, the check and the value; nothing is lost."),
            (kept, "Rows that keep the schema, with the types that it names."),
        )
    }

    def validated_data(context: dg.AssetExecutionContext, raw_data: Stored) -> Iterator[dg.MaterializeResult[Any]]:
        from ml_lifecycle.dataset.quarantine import validate_rows
        from ml_lifecycle.dataset.schema import load_schema

        with failing_clearly():
            mark = fingerprint(context.instance, code_version=version_of(sections), inputs=[raw_key])
            earlier = [recall(context, project, key, mark) for key in (aside, kept)]
            if all(earlier):
                yield from (result for result in earlier if result)
                return
            raw = raw_data.get()
            validated = validate_rows(raw, load_schema(project.schema_path), project.dataset)
            set_aside = Made(
                validated.quarantined,
                metadata={
                    "dagster/row_count": int(validated.quarantined["_row_id"].nunique()),
                    "reasons": as_table(reasons_of(validated.quarantined)),
                    "preview": as_table(validated.quarantined),
                },
            )
            yield materialized(aside, mark, set_aside)
            good = Made(
                validated.good,
                verdicts=validated.verdicts,
                metadata={
                    **rows_of(validated.good),
                    "rows_in": len(raw),
                    "rows_quarantined": len(raw) - len(validated.good),
                    "preview": as_table(validated.good),
                },
            )
            yield materialized(kept, mark, good)

    take_named_inputs(validated_data, ("raw_data",))
    made: dg.AssetsDefinition = dg.multi_asset(
        name=f"{project.name}__validated_data",
        outs=outs,
        ins=ins_of(project, ("raw_data",)),
        check_specs=shared["check_specs"],
        required_resource_keys={TRACKING_KEY},
        resource_defs=shared["resource_defs"],
        pool=shared["pool"],
    )(validated_data)
    return made


def reasons_of(quarantined: Any) -> Any:
    """How often which check failed on which column, most frequent first."""
    counts = quarantined.groupby(["column", "check"], dropna=False).size().rename("rows").reset_index()
    return counts.sort_values("rows", ascending=False)


def _data_splits(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(
        "data_splits",
        "dataset",
        kinds=("table", "deltalake"),
        needs=("validated_data",),
        sections=(project.dataset.split, project.dataset.group, project.dataset.event_time, project.brief.task),
    )

    @step(project, spec)
    def data_splits(context: dg.AssetExecutionContext, validated_data: Any) -> Made:
        """Which row is for training, for validation and for the test; rows without an outcome are in none of them."""
        from ml_lifecycle.dataset.splits import judge_splits, split_rows
        from ml_lifecycle.dataset.versions import describe

        brief = project.brief
        splits = split_rows(validated_data, project.dataset, target=brief.target, task=brief.task)
        counts = splits.assignment["_split"].value_counts()
        context.log.info(f"{splits.method}: {counts.to_dict()}")
        version = describe(validated_data, splits)
        return Made(
            splits.assignment,
            verdicts=judge_splits(validated_data, splits, project.dataset, target=brief.target, task=brief.task),
            metadata={
                **rows_of(splits.assignment),
                "method": splits.method,
                "rows": as_table(counts.rename_axis("split").rename("rows").reset_index()),
                "dataset_version": dg.MetadataValue.json(version.to_dict()),
            },
        )

    return data_splits
