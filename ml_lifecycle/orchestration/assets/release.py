"""Assets of the room release: the packaged candidate, the deployed model, the model card."""

import tempfile
from pathlib import Path
from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.samples import rows_of_splits
from ml_lifecycle.orchestration.findings import gate_verdicts, lineage_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step

_REFERENCE_SPLITS = ("validation", "test")


def release_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Package, deployment, card."""
    return [_model_package(project), _deployed_model(project), _model_card(project)]


def _model_package(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(
        "model_package",
        "release",
        kinds=("mlflow",),
        needs=("validated_data", "data_splits", "tuned_model", "evaluation"),
        after=("model_comparison",),
        sections=(project.monitoring.drift,),
    )

    @step(project, spec)
    def model_package(
        context: dg.AssetExecutionContext, validated_data: Any, data_splits: Any, tuned_model: Any, evaluation: Any
    ) -> Made:
        """The candidate in one folder that scores anywhere: model, features, schema, reference for drift, checksums."""
        from ml_lifecycle.dataset.schema import load_schema
        from ml_lifecycle.monitoring.drift import ReferenceProfile
        from ml_lifecycle.release.packaging import judge_loads_elsewhere, judge_signature, write_package

        workspace = Workspace(project)
        held_out = rows_of_splits(validated_data, data_splits, _REFERENCE_SPLITS)
        reference = ReferenceProfile.fit(
            held_out[list(tuned_model.columns)], tuned_model.predict(held_out), config=project.monitoring.drift
        )
        lineage = lineage_of(context.instance, project)
        mlflow = context.resources.ml_lifecycle_tracking.open(project.name)
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "package"
            manifest = write_package(
                folder,
                project=project.name,
                predictor=tuned_model,
                schema=load_schema(project.schema_path),
                reference=reference.to_bytes(),
                example=held_out.head(5),
                facts={"lineage": lineage, "metrics": {k: v.value for k, v in evaluation.metrics.items()}},
            )
            version = workspace.registry.register(
                project.name, folder, run_id=mlflow.active_run().info.run_id, example=held_out.head(5)
            )
            verdicts = [
                judge_loads_elsewhere(folder, held_out.head(50), tuned_model.predict(held_out.head(50))),
                judge_signature(workspace.registry, project.name, version),
            ]
        workspace.ledger.append(project.name, version, "candidate", by=context.run_id, evidence={"lineage": lineage})
        return Made(manifest, verdicts=verdicts, metadata={"version": version, "size_bytes": manifest.size})

    return model_package


def _deployed_model(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec("deployed_model", "release", kinds=("fastapi", "mlflow"), needs=("model_package",), reusable=False)

    @step(project, spec)
    def deployed_model(context: dg.AssetExecutionContext, model_package: Any) -> Made:
        """The version in production: alias, ledger and server agree; refused where a gate of this version is missing."""
        from ml_lifecycle.release.deployment import deploy

        verdicts = gate_verdicts(context.instance, project)
        workspace = Workspace(project)
        deployed = deploy(model_package, verdicts, registry=workspace.registry, ledger=workspace.ledger)
        return Made(deployed, metadata={"version": deployed.version, "history": as_table(deployed.history)})

    return deployed_model


def _model_card(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(
        "model_card",
        "release",
        kinds=("markdown",),
        needs=("deployed_model", "evaluation", "baselines"),
        sections=(project.brief, project.release),
    )

    @step(project, spec)
    def model_card(context: dg.AssetExecutionContext, deployed_model: Any, evaluation: Any, baselines: Any) -> Made:
        """What the model is for, how good it is, for whom, and what it must not be used for; from records alone."""
        from ml_lifecycle.release.documents.model_card import judge_complete, write_model_card

        card = write_model_card(project, deployed_model, evaluation, baselines)
        context.log.info("model card written")
        return Made(card, verdicts=[judge_complete(card)], metadata={"card": dg.MetadataValue.md(card.markdown)})

    return model_card
