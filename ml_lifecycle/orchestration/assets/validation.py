"""Validated rows and quarantined rows: two assets of one step."""

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.failures import failing_clearly
from ml_lifecycle.orchestration.memo import fingerprint
from ml_lifecycle.orchestration.records import latest_json
from ml_lifecycle.orchestration.resources import TRACKING_KEY, Workspace
from ml_lifecycle.orchestration.show import as_table, rows_of
from ml_lifecycle.orchestration.step import (
    Made,
    StepSpec,
    common,
    ins_of,
    materialized,
    recall,
    take_named_inputs,
    version_of,
)
from ml_lifecycle.orchestration.storage import Stored

if TYPE_CHECKING:
    from ml_lifecycle.dataset.quarantine import Validated
    from ml_lifecycle.dataset.releases import ReleaseLog
    from ml_lifecycle.dataset.table_profile import Profile

_ASIDE, _KEPT = "quarantined_rows", "validated_data"
#: Metadata key under which what the rows were like is kept for the next run.
_PROFILE_KEY = "profile"
_SAID = {
    _ASIDE: "Rows that break the schema, each with the column, the check and the value; nothing is lost.",
    _KEPT: "Rows that keep the schema, cleaned and with the types that it names.",
}


def validation_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Validated data and quarantined rows.

    The quarantine is given first: a blocking check ends the step at the output that it judges, and what was set aside
    must be kept even then.
    """
    schema_text = project.schema_path.read_text(encoding="utf-8") if project.schema_path.is_file() else ""
    data = project.dataset
    sections = (schema_text, data.quarantine_share, data.cleaning, project.brief.target)
    spec = StepSpec(_KEPT, "dataset", ("table", "deltalake", "pandera"), ("raw_data",), sections=sections)
    keys = {name: dg.AssetKey([project.name, name]) for name in (_ASIDE, _KEPT)}

    def validated_data(context: dg.AssetExecutionContext, raw_data: Stored) -> Iterator[dg.MaterializeResult[Any]]:
        with failing_clearly():
            log = _release_log(project)
            mark = fingerprint(
                context.instance,
                code_version=version_of(sections),
                inputs=[dg.AssetKey([project.name, "raw_data"])],
                outer=log.fingerprint(),
            )
            earlier = [recall(context, project, key, mark) for key in keys.values()]
            if all(earlier):
                yield from (result for result in earlier if result)
                return
            raw = raw_data.get()
            validated = _validate(project, raw, log, _last_profile(context.instance, keys[_KEPT]))
            yield materialized(keys[_ASIDE], mark, _set_aside(validated))
            yield materialized(keys[_KEPT], mark, _kept(validated, raw))

    take_named_inputs(validated_data, ("raw_data",))
    return [_as_one_step(project, spec, validated_data)]


def _as_one_step(project: ProjectConfig, spec: StepSpec, body: Any) -> dg.AssetsDefinition:
    shared = common(project, spec, description=inspect.getdoc(validation_assets) or "")
    each = {name: shared[name] for name in ("group_name", "kinds", "owners", "tags", "code_version", "io_manager_key")}
    outs = {
        name: dg.AssetOut(key=dg.AssetKey([project.name, name]), description=text, **each)
        for name, text in _SAID.items()
    }
    made: dg.AssetsDefinition = dg.multi_asset(
        name=f"{project.name}__{_KEPT}",
        outs=outs,
        ins=ins_of(project, spec),
        check_specs=shared["check_specs"],
        required_resource_keys={TRACKING_KEY},
        resource_defs=shared["resource_defs"],
        pool=shared["pool"],
    )(body)
    return made


def _release_log(project: ProjectConfig) -> "ReleaseLog":
    from ml_lifecycle.dataset.releases import ReleaseLog

    return ReleaseLog.of(Workspace(project).home.path, project.name)


def _validate(project: ProjectConfig, raw: Any, log: "ReleaseLog", previous: "Profile | None") -> "Validated":
    from ml_lifecycle.dataset.quarantine import validate_rows
    from ml_lifecycle.dataset.schema import load_schema

    schema = load_schema(project.schema_path)
    return validate_rows(raw, schema, project.dataset, releases=log.read(), previous=previous)


def _last_profile(instance: dg.DagsterInstance, key: dg.AssetKey) -> "Profile | None":
    """What the rows of the run before were like."""
    from ml_lifecycle.dataset.table_profile import Profile

    found = latest_json(instance, key, _PROFILE_KEY)
    return None if found is None else Profile.from_dict(found)


def _set_aside(validated: "Validated") -> Made:
    return Made(
        validated.quarantined,
        metadata={
            "dagster/row_count": int(validated.quarantined["_row_id"].nunique()),
            "reasons": as_table(reasons_of(validated.quarantined)),
            "preview": as_table(validated.quarantined),
        },
    )


def _kept(validated: "Validated", raw: Any) -> Made:
    from ml_lifecycle.dataset.evolution import judge_evolution
    from ml_lifecycle.dataset.quarantine import judge_conserved
    from ml_lifecycle.dataset.table_profile import profile_rows

    tables = {
        "cleaning": validated.cleaning,
        "duplicates": validated.removed,
        "corrected": validated.corrected,
        "stale_corrections": validated.stale,
        "waived": validated.waived,
    }
    return Made(
        validated.good,
        verdicts=[*validated.verdicts, judge_conserved(raw, validated), judge_evolution(validated.changes)],
        metadata={
            **rows_of(validated.good),
            "rows_in": len(raw),
            "rows_quarantined": int(validated.quarantined["_row_id"].nunique()),
            "duplicates_removed": len(validated.removed),
            **{name: as_table(table) for name, table in tables.items() if len(table)},
            "preview": as_table(validated.good),
            _PROFILE_KEY: dg.MetadataValue.json(profile_rows(validated.good).to_dict()),
        },
    )


def reasons_of(quarantined: Any) -> Any:
    """How often which check failed on which column, most frequent first."""
    counts = quarantined.groupby(["column", "check"], dropna=False).size().rename("rows").reset_index()
    return counts.sort_values("rows", ascending=False)
