"""Assets of the room release: the packaged candidate, the deployed model, the model card."""

import tempfile
from pathlib import Path
from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import GateError
from ml_lifecycle.orchestration.assets.samples import primary_metric, rows_of_splits, with_history
from ml_lifecycle.orchestration.champion import COMPARED_WITH, TEST_ESTIMATE
from ml_lifecycle.orchestration.gate_records import all_verdicts, gate_verdicts, lineage_of
from ml_lifecycle.orchestration.release_records import author_of
from ml_lifecycle.orchestration.resources import Workspace, mlflow_link
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.status import MLFLOW_KEY
from ml_lifecycle.orchestration.step import Made, StepSpec, step

_REFERENCE_SPLITS = ("validation", "test")
_EXAMPLE_ROWS = 5
_PROOF_ROWS = 100


def release_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Package, deployment, card."""
    return [_model_package(project), _deployed_model(project), _model_card(project)]


def _model_package(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(
        "model_package",
        "release",
        kinds=("mlflow",),
        # Features are read for the history that they leave behind, and not at all where there is none.
        needs=(
            "validated_data",
            "data_splits",
            "optimized_model",
            "evaluation",
            *(("features",) if project.features.history else ()),
        ),
        after=("model_comparison",),
        sections=(
            project.monitoring.drift,
            project.monitoring.performance,
            project.evaluation.slices,
            project.evaluation.fairness,
            project.evaluation.threshold,
            project.release.package_proof,
        ),
    )

    @step(project, spec)
    def model_package(
        context: dg.AssetExecutionContext,
        validated_data: Any,
        data_splits: Any,
        optimized_model: Any,
        evaluation: Any,
        features: Any = None,
    ) -> Made:
        """The candidate in one folder that scores anywhere: model, features, schema, reference for drift, checksums."""
        from ml_lifecycle.release.deployment import Candidate
        from ml_lifecycle.release.elsewhere import judge_loads_elsewhere
        from ml_lifecycle.release.registry import CHALLENGER, judge_signature

        workspace = Workspace(project)
        past = None if features is None else features.history
        table = with_history(project, validated_data)
        rows = rows_of_splits(table, data_splits, _REFERENCE_SPLITS)
        tested = rows_of_splits(table, data_splits, ["test"])
        run_id = context.resources.ml_lifecycle_tracking.open(project.name).active_run().info.run_id
        lineage = lineage_of(context.instance, project, without="model_package")
        facts = {
            "dagster_run": context.run_id,
            "mlflow_run": run_id,
            COMPARED_WITH: str(workspace.ledger.champion(project.name)),
            TEST_ESTIMATE: _estimate(project, optimized_model, tested),
        }
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch) / "package"
            losses = _losses(project, optimized_model, rows, data_splits)
            manifest = _write(
                project, folder, optimized_model, evaluation, rows, past, losses=losses, lineage=lineage, facts=facts
            )
            # The other process looks history up; that the package remembers what the table says is another gate's.
            proof = rows.head(_PROOF_ROWS).drop(columns=list(past.columns) if past else [])
            expected = optimized_model.predict(proof if past is None else past.complete(proof))
            loads = judge_loads_elsewhere(folder, proof, expected, proof=project.release.package_proof)
            version = workspace.registry.register(project.name, folder, run_id=run_id)
        workspace.registry.set_alias(project.name, CHALLENGER, version)
        known = {"lineage": lineage, "digest": manifest.digest, "labels_used": _labels_used(context, project)}
        workspace.ledger.append(project.name, version, "candidate", by=author_of(context), evidence=known)
        told = {"version": version, MLFLOW_KEY: run_id, "mlflow": mlflow_link(workspace, run_id)}
        return Made(
            Candidate(project.name, version, manifest),
            verdicts=[loads, judge_signature(workspace.registry, project.name, version)],
            metadata={**told, **_figures(manifest)},
        )

    return model_package


def _write(
    project: ProjectConfig,
    folder: Path,
    predictor: Any,
    evaluation: Any,
    rows: Any,
    history: Any,
    *,
    losses: bytes,
    lineage: dict[str, str],
    facts: dict[str, Any],
) -> Any:
    from ml_lifecycle.dataset.cleaning import Cleaner
    from ml_lifecycle.release.package_writing import write_package

    return write_package(
        folder,
        project=project.name,
        predictor=predictor,
        schema=_schema(project),
        reference=_reference(project, predictor, rows),
        example=rows.head(_EXAMPLE_ROWS),
        lineage=lineage,
        metrics={name: interval.value for name, interval in evaluation.metrics.items()},
        facts=facts,
        threshold=project.evaluation.threshold,
        cleaner=Cleaner.of(project.dataset),
        history=history,
        losses=losses,
        config=project,
    )


def _figures(manifest: Any) -> dict[str, Any]:
    columns = dg.MetadataValue.json(list(manifest.columns))
    return {"digest": manifest.digest, "size_bytes": manifest.size, "columns": columns}


def _schema(project: ProjectConfig) -> Any:
    from ml_lifecycle.dataset.schema import load_schema

    return load_schema(project.schema_path)


def _reference(project: ProjectConfig, predictor: Any, rows: Any) -> bytes:
    """The profile that drift is measured against: rows that the model has not learnt from, and its answers for them."""
    from ml_lifecycle.config.brief import Kind
    from ml_lifecycle.monitoring.column_profile import outcome_column
    from ml_lifecycle.monitoring.profile import ReferenceProfile

    target = predictor.target
    profile = ReferenceProfile.fit(
        rows[list(predictor.extractor.columns)],
        predictor.predict(rows),
        project.monitoring.drift,
        classes=tuple(map(str, target.classes)) if target.kind is Kind.MULTICLASS else (),
        target=outcome_column(rows[target.name], classes=bool(target.classes)),
        seed=project.modeling.seed,
    )
    return profile.to_bytes()


def _losses(project: ProjectConfig, predictor: Any, rows: Any, data_splits: Any) -> bytes:
    """The model's loss on rows that it has not learnt from, by input and slice: performance is held against it."""
    import pandas as pd

    from ml_lifecycle.monitoring.losses.fitting import describe_losses

    group = project.dataset.group
    ranked = project.brief.task == "ranking" and group in rows.columns
    target = predictor.target
    return describe_losses(
        project,
        rows,
        target.encode(rows[project.brief.target]),
        predictor.predict(rows),
        rows["_row_id"].isin(data_splits.loc[data_splits["_split"] == "test", "_row_id"]).to_numpy(),
        columns=predictor.extractor.columns,
        kind=target.kind,
        metric=primary_metric(project, target).at(predictor.threshold or project.evaluation.threshold),
        query=pd.factorize(rows[group], use_na_sentinel=False)[0] if ranked else None,
    ).to_bytes()


def _estimate(project: ProjectConfig, predictor: Any, rows: Any) -> float | None:
    """What would be said of the test metric without outcomes: monitoring takes the known error off its estimates."""
    from ml_lifecycle.monitoring.estimation import can_estimate, estimate_performance

    kind = predictor.target.kind
    if not can_estimate(kind):
        return None
    metric = primary_metric(project, predictor.target).at(predictor.threshold or project.evaluation.threshold)
    guess = estimate_performance(metric, predictor.predict(rows), kind)
    return None if guess is None else float(guess.value)


def _labels_used(context: dg.AssetExecutionContext, project: ProjectConfig) -> int:
    """Outcomes of production rows that were known when the raw data of this version were read."""
    event = context.instance.get_latest_materialization_event(dg.AssetKey([project.name, "raw_data"]))
    materialization = event.asset_materialization if event else None
    found = materialization.metadata.get("labels_known") if materialization else None
    return int(found.value) if isinstance(found, dg.IntMetadataValue) and found.value is not None else 0


def _deployed_model(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(
        "deployed_model",
        "release",
        kinds=("fastapi", "mlflow"),
        needs=("model_package",),
        gated_by=("production_approval",),
        reusable=False,
    )

    @step(project, spec)
    def deployed_model(context: dg.AssetExecutionContext, model_package: Any) -> Made:
        """The version in production. Refused where a gate of exactly this version is missing or has failed."""
        from ml_lifecycle.release.deployment import judge_gates_hold
        from ml_lifecycle.release.packaging import load_package
        from ml_lifecycle.release.strategy import release_version
        from ml_lifecycle.serving.endpoint import judge_endpoint

        workspace = Workspace(project)
        verdicts = gate_verdicts(context.instance, project)
        required, lineage = tuple(verdicts), lineage_of(context.instance, project, without="model_package")
        package = load_package(workspace.registry.fetch(project.name, model_package.version))
        endpoint = judge_endpoint(project, package, model_package.version, package.example)
        if not endpoint.passed:  # before it is champion: a server must never be told of a version that cannot answer
            raise GateError(
                f"version {model_package.version} may not go into production",
                expected="a server that answers as the batch does",
                got=endpoint.summary,
                advice=endpoint.advice,
            )
        released = release_version(
            model_package,
            verdicts,
            config=project.release.rollout,
            target=package.predictor.target,
            registry=workspace.registry,
            ledger=workspace.ledger,
            by=author_of(context),
            required=required,
            lineage=lineage,
            approval=_approval(project, workspace, model_package),
        )
        deployed = released.deployment
        context.log.info(released.said)
        return Made(
            deployed,
            verdicts=[judge_gates_hold(model_package, verdicts, required=required, lineage=lineage), endpoint],
            metadata={
                "version": deployed.version,
                "previous": deployed.previous or "none",
                "traffic": released.said,
                "approvals": dg.MetadataValue.json(list(deployed.approvals)),
                "ledger_head": deployed.ledger_head,
                "history": as_table(deployed.history.iloc[::-1], rows=30),
            },
        )

    return deployed_model


def _approval(project: ProjectConfig, workspace: Workspace, candidate: Any) -> Any:
    """What is to be said of the approval at this moment: since the asset was made, it may have expired."""
    from ml_lifecycle.release.approval_policy import judge_approved
    from ml_lifecycle.release.approvals import Subject

    words = workspace.approvals.words(project.name, candidate.version)
    subject = Subject(project.name, candidate.version, candidate.manifest.digest)
    return judge_approved(project.release.approval, words, subject)


def _model_card(project: ProjectConfig) -> dg.AssetsDefinition:
    spec = StepSpec(
        "model_card",
        "release",
        kinds=("markdown",),
        needs=("deployed_model", "model_package", "evaluation", "baselines"),
        sections=(project.brief, project.release),
    )

    @step(project, spec)
    def model_card(
        context: dg.AssetExecutionContext, deployed_model: Any, model_package: Any, evaluation: Any, baselines: Any
    ) -> Made:
        """What the model is for, how good it is, for whom, and what it must not be used for; from records alone."""
        from ml_lifecycle.release.documents.model_card import judge_complete, write_model_card

        card = write_model_card(
            project,
            deployment=deployed_model,
            manifest=model_package.manifest,
            evaluation=evaluation,
            baselines=baselines,
            verdicts=all_verdicts(context.instance, project),
        )
        run = context.resources.ml_lifecycle_tracking.open(project.name)
        run_id = run.active_run().info.run_id
        Workspace(project).registry.log_artifact_bytes(run_id, "model_card.md", card.markdown.encode())
        return Made(card, verdicts=[judge_complete(card)], metadata={"card": dg.MetadataValue.md(card.markdown)})

    return model_card
