"""The lifecycle job on the sample against the same functions called one after the other; the target is 1.15 times.

    python -m ml_lifecycle_tests.benchmarks.orchestration [--pairs 3] [--trials 500]

Both run in this process, in turn, each on a fresh state folder with empty databases. The search has a budget of trials
and none of seconds, so both do the same work. What Dagster adds is mostly a fixed time (events, run, tables), so the
ratio falls as the search grows. The plain way logs to MLflow, registers and deploys, but keeps no tables, no checks and
no history.
"""

import argparse
import os
import shutil
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import ml_lifecycle
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.modeling import judge_tuned
from ml_lifecycle.orchestration.assets.samples import SplitSamples, labelled_rows, primary_metric, rows_of_splits
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.runs import execute
from ml_lifecycle.orchestration.site import Site
from ml_lifecycle_tests.site_folder import SiteFolder


def main() -> None:
    """Print the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--trials", type=int, default=500)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = _site(Path(folder), chosen.trials)
        _in_fresh_home(_plain, site)  # imports, and what the system caches, are paid before
        measured = [_pair(site, plain_first=bool(number % 2)) for number in range(chosen.pairs)]
    for kind in ("wall", "cpu"):
        plain, job = ([getattr(spent, kind) for spent in way] for way in zip(*measured, strict=True))
        ratios = [of_job / of_plain for of_plain, of_job in zip(plain, job, strict=True)]
        seconds = f"plain functions {statistics.median(plain):6.2f} s, loans_lifecycle {statistics.median(job):6.2f} s"
        each = ", ".join(f"{ratio:.3f}" for ratio in ratios)
        print(f"{kind:4}  {seconds}; ratio {statistics.median(ratios):.3f}, pair by pair {each}")


class Spent(NamedTuple):
    """Seconds by the clock, and of the processor, child processes included."""

    wall: float
    cpu: float

    @classmethod
    def by(cls, way: Callable[[Site], None], site: Site) -> "Spent":
        """What one way needs."""
        before = os.times()
        way(site)
        after = os.times()
        return cls(after.elapsed - before.elapsed, sum(after[:4]) - sum(before[:4]))


def _pair(site: Site, *, plain_first: bool) -> tuple[Spent, Spent]:
    """What both ways need; who is first changes from pair to pair, since a shared machine grows faster or slower."""
    if plain_first:
        plain = _in_fresh_home(_plain, site)
        return plain, _in_fresh_home(_job, site)
    job = _in_fresh_home(_job, site)
    return _in_fresh_home(_plain, site), job


def _in_fresh_home(way: Callable[[Site], None], site: Site) -> Spent:
    """What one way needs, on a state folder whose empty databases are there already, with the definitions loaded."""
    import mlflow

    from ml_lifecycle.orchestration.resources import prepare_mlflow

    with tempfile.TemporaryDirectory() as folder:
        for name in ("DAGSTER_HOME", "MLFLOW_TRACKING_URI"):
            os.environ.pop(name, None)
        os.environ["ML_LIFECYCLE_HOME"] = folder
        while mlflow.active_run():
            mlflow.end_run()
        fresh = Site(site.root, site.module, site.package)
        prepare_mlflow(fresh.home.create())
        mlflow.MlflowClient(tracking_uri=fresh.home.mlflow_uri).search_experiments()
        _ = fresh.projects, fresh.definitions
        with fresh.instance() as instance:
            instance.get_runs(limit=1)
        return Spent.by(way, fresh)


def _site(folder: Path, trials: int) -> Site:
    """The sample in a folder of its own, with a budget of trials."""
    shipped = Path(ml_lifecycle.__file__).parent
    made = SiteFolder.make(folder)
    shutil.copytree(shipped / "defs" / "loans", folder / "shop" / "defs" / "loans")
    (folder / "data").mkdir()
    (folder / "data" / "loans").symlink_to(shipped.parent / "data" / "loans")
    made.edit("loans", modeling={"search": {"trials": trials, "seconds": 10_000}})
    return Site.find(folder)


def _job(site: Site) -> None:
    """The job, as the command runs it."""
    with site.instance() as instance:
        outcome = execute(site, instance, site.project("loans"), "lifecycle")
    assert outcome.succeeded, outcome


def _plain(site: Site) -> None:
    """The same functions, one after the other."""
    import mlflow

    from ml_lifecycle.discovery.risks.assessment import assess_risks
    from ml_lifecycle.evaluation.report import evaluate
    from ml_lifecycle.features.costs import measure_costs
    from ml_lifecycle.features.matrix import build_features, judge_constant, judge_train_serve
    from ml_lifecycle.features.selection import select_features
    from ml_lifecycle.modeling.baselines import fit_baselines
    from ml_lifecycle.modeling.predictor import Predictor
    from ml_lifecycle.modeling.training import count_threads
    from ml_lifecycle.modeling.tuning import tune
    from ml_lifecycle.orchestration.resources import prepare_mlflow

    project = site.project("loans")
    workspace = Workspace(project)
    prepare_mlflow(workspace.home)
    mlflow.set_tracking_uri(workspace.home.mlflow_uri)
    mlflow.set_experiment(
        experiment_id=mlflow.create_experiment(
            "loans", artifact_location=(workspace.home.mlflow / "artifacts").as_uri()
        )
    )
    modeling = project.modeling
    with mlflow.start_run() as run:
        valid_rows, splits = _collect(project, workspace, run.info.run_id)
        assignment = splits.assignment
        assess_risks(valid_rows, project, assignment=assignment, seed=modeling.seed)
        features = build_features(valid_rows, assignment, project)
        judge_constant(features, assignment), judge_train_serve(features.extractor, valid_rows)
        measure_costs(features.extractor, valid_rows)
        everything = SplitSamples(project, valid_rows, assignment, features)
        whole, target = everything.of("train"), everything.target
        selection = select_features(whole.matrix, whole.y, target.kind, project.features.selection, seed=modeling.seed)
        samples = SplitSamples(project, valid_rows, assignment, features, selection.names)
        train, valid = samples.of("train"), samples.of("validation")
        metric = primary_metric(project, target.kind)
        floor = fit_baselines(
            train, valid, kind=target.kind, target=target, score=metric, threads=count_threads(modeling.threads)
        )
        mlflow.log_metrics({f"baseline.{row.baseline}": row.score for row in floor.table.itertuples(index=False)})
        result = tune(
            train,
            valid,
            kind=target.kind,
            classes=len(target.classes),
            config=modeling,
            score=metric,
            storage=workspace.home.studies,
            study_name=project.name,
        )
        mlflow.log_params({f"model.{name}": value for name, value in result.params.items()})
        predictor = Predictor.build(features.extractor, result.model, target)
        judge_tuned(project, predictor, floor, train, valid)
        rows, y, _, groups = labelled_rows(project, valid_rows, assignment, "test", target)
        report = evaluate(
            target.kind,
            rows,
            y,
            predict=predictor.predict,
            config=project.evaluation,
            metric=metric,
            groups=groups,
            columns=predictor.extractor.columns,
            importance=predictor.model.importance(),
            classes=tuple(map(str, target.classes)),
        )
        mlflow.log_metrics({f"test.{name}": item.value for name, item in report.metrics.items()})
        for name, png in report.figures.items():
            workspace.registry.log_artifact_bytes(run.info.run_id, f"evaluation/{name}.png", png)
        assert np.isfinite(report.primary.value)
        _release(
            project,
            workspace,
            run.info.run_id,
            rows_of_splits(valid_rows, assignment, ("validation", "test")),
            predictor,
            report,
        )


def _collect(project: ProjectConfig, workspace: Workspace, run_id: str) -> tuple[Any, Any]:
    """Brief, raw data, validation, audit, splits."""
    from ml_lifecycle.dataset.collection import collect
    from ml_lifecycle.dataset.leakage import judge_splits
    from ml_lifecycle.dataset.quarantine import judge_conserved, validate_rows
    from ml_lifecycle.dataset.schema import load_schema
    from ml_lifecycle.dataset.sources import source_fingerprint
    from ml_lifecycle.dataset.splits import split_rows
    from ml_lifecycle.dataset.table_profile import profile_rows
    from ml_lifecycle.discovery.audit.audit import audit_rows
    from ml_lifecycle.discovery.audit.html import render_audit
    from ml_lifecycle.discovery.brief import write_brief

    data, brief = project.dataset, project.brief
    write_brief(project)
    source_fingerprint(data, root=project.root, home=workspace.home.path)
    store = workspace.home.collected / project.name
    raw = collect(data, target=brief.target, root=project.root, home=workspace.home.path, store=store).raw
    validated = validate_rows(raw.frame, load_schema(project.schema_path), data)
    judge_conserved(raw.frame, validated), profile_rows(validated.good)
    valid_rows = validated.good
    page = render_audit(audit_rows(raw.frame, project), raw.frame, "audit")
    workspace.registry.log_artifact_bytes(run_id, "data_audit/report.html", page)
    splits = split_rows(valid_rows, data, target=brief.target, task=brief.task)
    judge_splits(valid_rows, splits, data, target=brief.target, task=brief.task)
    return valid_rows, splits


def _release(project: ProjectConfig, workspace: Workspace, run_id: str, rows: Any, predictor: Any, report: Any) -> None:
    """Package, register, deploy, ask the endpoint, write the card."""
    from ml_lifecycle.dataset.schema import load_schema
    from ml_lifecycle.monitoring.profile import ReferenceProfile
    from ml_lifecycle.release.approval_policy import judge_approved
    from ml_lifecycle.release.approvals import Subject
    from ml_lifecycle.release.deployment import Candidate, deploy
    from ml_lifecycle.release.documents.model_card import write_model_card
    from ml_lifecycle.release.elsewhere import judge_loads_elsewhere
    from ml_lifecycle.release.package_writing import write_package
    from ml_lifecycle.release.packaging import load_package
    from ml_lifecycle.serving.endpoint import judge_endpoint
    from ml_lifecycle.verdict import Verdict

    lineage = {"everything": "1"}
    profile = ReferenceProfile.fit(
        rows[list(predictor.extractor.columns)], predictor.predict(rows), project.monitoring.drift
    )
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / "package"
        manifest = write_package(
            package,
            project=project.name,
            predictor=predictor,
            schema=load_schema(project.schema_path),
            reference=profile.to_bytes(),
            example=rows.head(5),
            lineage=lineage,
            metrics={name: item.value for name, item in report.metrics.items()},
        )
        judge_loads_elsewhere(package, rows.head(100), predictor.predict(rows.head(100)))
        version = workspace.registry.register(project.name, package, run_id=run_id)
    workspace.ledger.append(project.name, version, "candidate", by="benchmark")
    deployed = deploy(
        Candidate(project.name, version, manifest),
        {"all": Verdict("all", passed=True, summary="done by hand")},
        required=("all",),
        lineage=lineage,
        registry=workspace.registry,
        ledger=workspace.ledger,
        by="benchmark",
        approval=judge_approved(project.release.approval, [], Subject(project.name, version, manifest.digest)),
    )
    served = load_package(workspace.registry.fetch(project.name, version))
    judge_endpoint(project, served, version, served.example)
    write_model_card(project, deployment=deployed, manifest=manifest, evaluation=report)


if __name__ == "__main__":
    main()
