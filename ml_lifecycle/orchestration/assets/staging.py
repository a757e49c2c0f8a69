"""The asset of the dress rehearsal: the registered package behind a real server, before anybody is asked to approve it.

What is sent and measured lives in `serving/staging`, what it is judged by in `serving/staging_gates`.
"""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.samples import rows_of_splits
from ml_lifecycle.orchestration.jobs import STAGED
from ml_lifecycle.orchestration.release_records import author_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step

#: Parts of the serving section that a rehearsal does not depend on.
_ELSEWHERE = frozenset({"host", "port", "workers", "auth", "batch", "archive_after_days"})
#: Test rows that are asked, over and over.
_ROWS = 200
_SHOWN = 30


def staging_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The rehearsal of a candidate."""

    def outer(context: dg.AssetExecutionContext) -> str:
        """The version: a package that is made again is another version, even if nothing has changed."""
        event = context.instance.get_latest_materialization_event(dg.AssetKey([project.name, "model_package"]))
        made = event.asset_materialization if event else None
        found = made.metadata.get("version") if made else None
        return str(found.value) if found is not None else ""

    spec = StepSpec(
        STAGED,
        "release",
        kinds=("fastapi",),
        needs=("model_package", "validated_data", "data_splits"),
        sections=(project.release.staging, _served(project), project.brief.constraints),
        outer=outer,
    )

    @step(project, spec)
    def staged_model(
        context: dg.AssetExecutionContext, model_package: Any, validated_data: Any, data_splits: Any
    ) -> Made:
        """The packaged server on loopback, asked what callers ask: right and wrong requests, and many at once."""
        from ml_lifecycle.release.packaging import load_package
        from ml_lifecycle.serving.staging import rehearse
        from ml_lifecycle.serving.staging_gates import judge_staged

        package = load_package(Workspace(project).registry.fetch(project.name, model_package.version))
        rows = rows_of_splits(validated_data, data_splits, ["test"]).head(_ROWS)
        staged = rehearse(project, package, model_package.version, rows)
        context.log.info(f"{staged.alone.per_second:,.0f} answers a second over one connection")
        verdicts = judge_staged(staged, project)
        if not any(verdict.blocks for verdict in verdicts):
            said = {"gates": {verdict.gate: verdict.summary for verdict in verdicts}}
            evidence = {**said, "digest": model_package.manifest.digest}
            Workspace(project).ledger.advance(
                project.name, staged.version, "staged", by=author_of(context), evidence=evidence
            )
        return Made(
            staged,
            verdicts=verdicts,
            metadata={
                "version": staged.version,
                "smoke_requests": as_table(staged.smoke, rows=_SHOWN),
                "load": as_table(staged.latency),
                "p50_ms": staged.alone.p50_ms,
                "answers_per_second": staged.together.per_second,
                "logged_as_in_production": staged.logged,
            },
        )

    return [staged_model]


def _served(project: ProjectConfig) -> dict[str, Any]:
    return project.serving.model_dump(mode="json", exclude=set(_ELSEWHERE))
