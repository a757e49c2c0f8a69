"""The asset of the feature store: features by entity and time, for training sets and for look-up when serving."""

from datetime import timedelta
from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.settings import settings_in, settle
from ml_lifecycle.orchestration.show import as_table, rows_of
from ml_lifecycle.orchestration.step import Made, StepSpec, step


def store_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The feature view, where the YAML asks for one."""
    return [_feature_view(project)] if project.features.store.enabled else []


def _feature_view(project: ProjectConfig) -> dg.AssetsDefinition:
    data = project.dataset
    spec = StepSpec(
        "feature_view",
        "features",
        kinds=("feast", "deltalake"),
        needs=("validated_data",),
        gated_by=("risk_assessment",),
        sections=(project.features.store, data.entity, data.event_time, sorted(project.non_features)),
        outer=lambda context: str(settings_in(context.run.tags, "features.store")),
    )

    @step(project, spec)
    def feature_view(context: dg.AssetExecutionContext, validated_data: Any) -> Made:
        """What is known of each entity at each time, in the offline store, and the newest of it in the online store."""
        from ml_lifecycle.features.point_in_time import judge_point_in_time
        from ml_lifecycle.features.project_store import apply_view, open_store, stored_columns

        chosen = settle(project, settings_in(context.run.tags, "features.store"))
        config = chosen.features.store
        store = open_store(chosen)
        rows = stored_columns(chosen, validated_data)
        view = apply_view(store, chosen, rows)
        written = store.write_offline(rows, view.id, replace=True)
        stamps = [store.event_time, *([store.created] if store.created else [])]
        online = store.materialize(view.id, until=max(rows[name].max() for name in stamps))
        verdict = judge_point_in_time(
            store,
            rows[[store.entity, store.event_time]],
            rows,
            timedelta(days=config.ttl_days) if config.ttl_days is not None else None,
            features=[f"{view.id}:{column}" for column in view.columns],
            rows=config.check_rows,
            seed=project.modeling.seed,
        )
        return Made(
            rows.reset_index(drop=True),
            verdicts=[verdict],
            metadata={
                **rows_of(rows),
                "view": view.id,
                "entities_online": online.entities,
                "rows_without_entity": written.without_entity,
                "rows_without_time": written.without_time,
                "features": dg.MetadataValue.json(list(view.columns)),
                "preview": as_table(rows),
            },
        )

    return feature_view
