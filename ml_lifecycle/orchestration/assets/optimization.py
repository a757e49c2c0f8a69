"""The asset `optimized_model`: the tuned model profiled, and made smaller or faster where the YAML asks for it.

How forms are made, measured and chosen lives in `modeling.optimization`; here they are given the project's rows, metric
and test. The commands of `ml-lifecycle optimize` use the same bench.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import dagster as dg

from ml_lifecycle.config.optimize import OptimizeConfig
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.samples import (
    LabelledRows,
    SplitSamples,
    blocks_in_time,
    decision_of,
    labelled_rows,
    primary_metric,
    with_history,
)
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step

if TYPE_CHECKING:
    from ml_lifecycle.modeling.optimization.choice import Compare
    from ml_lifecycle.modeling.optimization.procedure import Optimized
    from ml_lifecycle.modeling.predictor import Predictor
    from ml_lifecycle.modeling.samples import Samples

ASSET = "optimized_model"
_INPUTS = ("validated_data", "data_splits", "features", "selected_features", "tuned_model")


def optimization_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The asset."""
    spec = StepSpec(
        ASSET,
        "modeling",
        kinds=(project.modeling.family.replace("_", "")[:20],),
        needs=_INPUTS,
        sections=_read(project),
    )

    @step(project, spec)
    def optimized_model(
        context: dg.AssetExecutionContext,
        validated_data: Any,
        data_splits: Any,
        features: Any,
        selected_features: Any,
        tuned_model: Any,
    ) -> Made:
        """The tuned model and what it costs to serve; a smaller or faster form of it, where that loses no quality.

        Where the YAML asks for it, the model is fitted once more, with the validation rows: from here on nothing is
        judged on them.
        """
        bench = Bench(project, tuned_model, validated_data, data_splits, features, selected_features.names)
        found = bench.optimize(project.modeling.optimize)
        context.log.info(found.summary)
        released = (
            bench.refitted(found.predictor) if project.modeling.refit == "train_and_validation" else found.predictor
        )
        return Made(
            released,
            verdicts=[found.verdict],
            metadata={
                "summary": found.summary,
                "training_rows": released.model.facts.rows,
                "form": found.chosen,
                "forms": as_table(found.table, rows=20),
                **{name: value for name, value in found.profile.to_dict().items() if value is not None},
            },
        )

    return [optimized_model]


def _read(project: ProjectConfig) -> tuple[object, ...]:
    """What the asset depends on; a model that is passed through is compared with nothing, so by no metric."""
    config, limits, brief = project.modeling.optimize, project.evaluation, project.brief
    if not config.variants:
        return (config, project.modeling.refit, project.dataset.augmentation)
    return (
        *(config, project.modeling.seed, brief.metric, brief.costs),
        *(limits.threshold, limits.bootstrap, limits.comparison),
    )


@dataclass(frozen=True)
class Bench:
    """A tuned model and the rows that forms of it are made and judged with."""

    project: ProjectConfig
    predictor: "Predictor"
    rows: Any
    splits: Any
    features: Any
    names: Any

    def optimize(self, config: OptimizeConfig) -> "Optimized":
        """Profile the model and try the forms of a section `modeling.optimize`.

        Raises:
            ConfigError: A form needs an extra or a compiler that is not installed.
        """
        from ml_lifecycle.modeling.optimization.procedure import optimize

        samples = SplitSamples(self.project, self.rows, self.splits, self.features, self.names)
        valid = samples.of("validation")
        return optimize(
            self.predictor,
            valid,
            config,
            compare=self._compare(valid) if config.variants else _no_comparison,
            train=lambda: samples.of("train"),
            metric=primary_metric(self.project, samples.target).name,
        )

    def refitted(self, predictor: "Predictor") -> "Predictor":
        """The predictor with its model fitted on training and validation rows; what was decided by those stays."""
        from ml_lifecycle.modeling.augmentation import augment
        from ml_lifecycle.modeling.training import refit_with

        samples = SplitSamples(self.project, self.rows, self.splits, self.features, self.names)
        goal = predictor.model.facts.goal
        train = augment(samples.of("train"), self.project.dataset.augmentation, kind=goal.kind, seed=goal.seed)
        return replace(predictor, model=refit_with(predictor.model, train, samples.of("validation")))

    def _compare(self, valid: "Samples") -> "Compare":
        from ml_lifecycle.evaluation.decided import for_metric
        from ml_lifecycle.evaluation.inference.significance import paired_bootstrap
        from ml_lifecycle.modeling.optimization.choice import Difference

        project, target = self.project, self.predictor.target
        metric, limits = primary_metric(project, target), project.evaluation
        table = with_history(project, self.rows)
        raw: LabelledRows = labelled_rows(project, table, self.splits, "validation", target)
        decide = decision_of(self.predictor)
        before = for_metric(self.predictor.predict_samples(valid), raw.rows, metric, decide)

        def compare(predictions: Any) -> Difference:
            seen = for_metric(predictions, raw.rows, metric, decide)
            found = paired_bootstrap(
                metric,
                valid.y,
                seen,
                before,
                query=valid.query,
                groups=None if valid.query is not None else blocks_in_time(project, raw, metric, [seen, before]),
                resamples=limits.bootstrap,
                confidence=1 - 2 * limits.comparison.alpha,
                seed=project.modeling.seed,
            )
            return Difference(found.a, found.difference, found.low, found.high)

        return compare


def _no_comparison(predictions: Any) -> Any:
    """Where nothing is tried, nothing is compared.

    Raises:
        ValueError: Something is.
    """
    msg = f"expected no form to compare, got predictions of shape {predictions.shape}"
    raise ValueError(msg)


def latest_bench(instance: dg.DagsterInstance, project: ProjectConfig) -> Bench:
    """The latest tuned model of a project with its rows.

    Raises:
        StateError: It was not made yet.
    """
    from ml_lifecycle.orchestration.data_versions import read_latest

    model = read_latest(instance, project, "tuned_model")
    rows = "validated_data" if project.dataset.labeling is None else "labeled_data"
    rest = [read_latest(instance, project, name) for name in (rows, "data_splits", "features", "selected_features")]
    return Bench(project, model, rest[0], rest[1], rest[2], rest[3].names)
