"""The jobs of a project: the whole lifecycle, retraining, monitoring and rollout."""

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.experiments import experiment_partitions
from ml_lifecycle.orchestration.lake_archive import ARCHIVE
from ml_lifecycle.orchestration.naming import PROJECT_TAG, TRIGGER_TAG, job_of
from ml_lifecycle.orchestration.partitions import partitions_of

#: What the processes of steps are forked from: a step of its own process would else pay these imports itself.
_PRELOADED = ("dagster", "pandas", "sklearn", "lightgbm", "mlflow", "dagster_mlflow")

#: The rehearsal of a registered candidate: it judges the package, and nothing is made from it.
STAGED = "staged_model"
#: Assets up to a packaged, registered and rehearsed candidate, and those that only some projects have.
_CANDIDATE = (
    "problem_brief",
    "raw_data",
    "quarantined_rows",
    "validated_data",
    "labeled_data",
    "data_splits",
    "data_folds",
    "risk_assessment",
    "feature_view",
    "features",
    "selected_features",
    "baselines",
    "tuned_model",
    "optimized_model",
    "evaluation",
    "cross_validation",
    "model_comparison",
    "model_package",
    STAGED,
)
_BESIDE = ("data_audit", "approaches")
#: Assets that put a candidate into production.
RELEASE = ("production_approval", "deployed_model", "model_card")
#: The asset that judges a rollout, of projects that do not deploy all at once.
ROLLOUT_STATUS = "rollout_status"
#: Assets of one monitoring window.
MONITORING = (
    "batch_predictions",
    "prediction_window",
    "data_quality",
    "drift_report",
    "performance_report",
    "retraining_decision",
    "improvement_report",
    "operations_report",
)


#: What a person decides by, before or beside the lifecycle: no model is made from it.
DISCOVERY = ("feasibility_study", "project_plan")
#: What throws away old records.
HOUSEKEEPING = ("housekeeping_report",)
#: What is made for one experiment, and of several.
EXPERIMENTS, COMPARISONS = ("experiment",), ("experiment_comparison",)


def candidate_assets(project: ProjectConfig) -> tuple[str, ...]:
    """The assets that a candidate of a project is made from, in the order of the lifecycle."""
    absent = set()
    if project.dataset.labeling is None:
        absent.add("labeled_data")
    if not project.uses_folds:
        absent.add("data_folds")
    validated = project.evaluation.cross_validation
    if not (validated.enabled or validated.nested):
        absent.add("cross_validation")
    if not project.features.store.enabled:
        absent.add("feature_view")
    return tuple(name for name in _CANDIDATE if name not in absent)


def assets_beside(project: ProjectConfig) -> tuple[str, ...]:
    """What a person reads about the data and the models of a project; no model is made from it."""
    return tuple(name for name in _BESIDE if name != "approaches" or project.modeling.approaches.enabled)


def monitoring_assets(project: ProjectConfig) -> tuple[str, ...]:
    """The assets of one monitoring window; projects that keep their whole log in the database archive nothing."""
    return MONITORING if project.serving.archive_after_days is None else (*MONITORING, ARCHIVE)


def needs_approval(project: ProjectConfig) -> bool:
    """Whether somebody must say yes before a version goes into production."""
    return bool(project.release.approval.required.get("production"))


def rolls_out(project: ProjectConfig) -> bool:
    """Whether a new version gets its traffic step by step."""
    return project.release.rollout.strategy != "all_at_once"


def jobs_of(project: ProjectConfig) -> dict[str, UnresolvedAssetJobDefinition]:
    """The jobs by verb. Where a person promotes or must approve, lifecycle and retrain end with the candidate."""
    automatic = project.release.promotion == "automatic" and not needs_approval(project)
    candidate = candidate_assets(project)
    whole = candidate + (RELEASE if automatic else ())
    everything = (*assets_beside(project), *whole)
    return {
        "lifecycle": _job(project, "lifecycle", everything, "From the data to the deployed model, through every gate."),
        "retrain": _job(
            project,
            "retrain",
            whole,
            "The lifecycle again, with the labelled rows that production has given since; promoted only if better.",
            trigger="person",
        ),
        "monitor": _job(
            project,
            "monitor",
            monitoring_assets(project),
            "One window: score what arrived, take in outcomes, judge drift and performance.",
            partitions=partitions_of(project),
        ),
        "discovery": _job(
            project, "discovery", DISCOVERY, "Whether the problem can be solved with the data at hand, and the plan."
        ),
        "experiment": _job(
            project,
            "experiment",
            EXPERIMENTS,
            "A model made otherwise, on the same rows, to see whether a hypothesis holds.",
            partitions=experiment_partitions(project),
        ),
        "compare": _job(
            project, "compare", COMPARISONS, "Experiments side by side on the same rows, with what to do with each."
        ),
        "rollout": _job(
            project, "rollout", RELEASE, "Put the registered candidate into production, if its gates hold."
        ),
        "housekeeping": _job(
            project, "housekeeping", HOUSEKEEPING, "Delete old records that nothing needs, as the YAML allows."
        ),
        **_rollout_jobs(project),
    }


def _rollout_jobs(project: ProjectConfig) -> dict[str, UnresolvedAssetJobDefinition]:
    if not rolls_out(project):
        return {}
    told = "Judge the rollout that is under way: it goes on, waits, ends well or is rolled back."
    return {"rollout_step": _job(project, "rollout_step", (ROLLOUT_STATUS,), told, trigger="person")}


def _job(
    project: ProjectConfig,
    verb: str,
    assets: tuple[str, ...],
    description: str,
    *,
    trigger: str | None = None,
    partitions: dg.PartitionsDefinition[str] | None = None,
) -> UnresolvedAssetJobDefinition:
    tags = {PROJECT_TAG: project.name, **project.orchestration.tags, **({TRIGGER_TAG: trigger} if trigger else {})}
    return dg.define_asset_job(
        job_of(project.name, verb),
        selection=dg.AssetSelection.assets(*[dg.AssetKey([project.name, name]) for name in assets]),
        description=description,
        tags=tags,
        partitions_def=partitions,
        executor_def=_executor_of(project),
    )


def _executor_of(project: ProjectConfig) -> dg.ExecutorDefinition:
    if project.orchestration.executor == "in_process":
        return dg.in_process_executor
    settings = {"start_method": {"forkserver": {"preload_modules": list(_PRELOADED)}}}
    executor: dg.ExecutorDefinition = dg.multiprocess_executor.configured(settings, name="multiprocess")
    return executor
