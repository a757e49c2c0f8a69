"""The model card: filled from records, and refused where a section would be empty."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.evaluation.report import EvaluationReport, evaluate
from ml_lifecycle.modeling.baselines import Baselines
from ml_lifecycle.release.deployment import Deployment
from ml_lifecycle.release.documents.model_card import SECTIONS, ModelCard, judge_complete, write_model_card
from ml_lifecycle.release.manifest import Manifest
from ml_lifecycle.release.packaging import load_package
from ml_lifecycle.verdict import Severity, Verdict
from ml_lifecycle_tests.release import tiny

_FAIRNESS = {"sensitive": ["city"], "min_rows": 10}
_EVALUATION = {"bootstrap": 50, "fairness": _FAIRNESS, "slices": {"min_rows": 10}}


def _evaluate(config: ProjectConfig) -> EvaluationReport:
    rows = tiny.table(120, seed=4)
    y = (rows["repaid"] == "yes").to_numpy().astype(np.int64)
    predictor = tiny.predictor()
    columns = predictor.extractor.columns
    return evaluate(Kind.BINARY, rows, y, predict=predictor.predict, config=config.evaluation, columns=columns)


@pytest.fixture(scope="module")
def config() -> ProjectConfig:
    """A project with a sensitive column."""
    release = {"intended_use": "Ordering of applications.", "limitations": "Not for companies."}
    return tiny.project(Path(), evaluation=_EVALUATION, release=release)


@pytest.fixture(scope="module")
def evaluation(config: ProjectConfig) -> EvaluationReport:
    """A real evaluation."""
    return _evaluate(config)


@pytest.fixture(scope="module")
def manifest(packaged: Path) -> Manifest:
    """What the package says."""
    return load_package(packaged).manifest


@pytest.fixture(scope="module")
def deployment(manifest: Manifest) -> Deployment:
    """What was deployed."""
    gates = {"evaluation.fair": "No gap | none.", "model_package.loads_elsewhere": "The same."}
    return Deployment("tiny", "3", "2", "2026-01-02T03:04:05", "run r", manifest.digest, gates)


@pytest.fixture
def card(config: ProjectConfig, deployment: Deployment, manifest: Manifest, evaluation: EvaluationReport) -> ModelCard:
    """A complete card."""
    table = pd.DataFrame({"baseline": ["prior"], "score": [0.69], "best": [True]})
    warning = Verdict("calibrated", passed=False, summary="Off by 0.06.", severity=Severity.WARN, advice="Calibrate")
    return write_model_card(
        config,
        deployment=deployment,
        manifest=manifest,
        evaluation=evaluation,
        baselines=Baselines(table, "log_loss", tiny.predictor().model),
        verdicts={"evaluation.calibrated": warning, "evaluation.fair": None},
    )


def test_a_card_from_whole_records_is_complete(card: ModelCard) -> None:
    """Every section is there, in order, and says something."""
    assert tuple(card.sections) == SECTIONS
    verdict = judge_complete(card)
    assert (verdict.gate, verdict.passed) == ("complete", True), verdict.summary
    assert ModelCard.from_parts(card.to_parts()) == card


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("Model details", "in place of version 2"),
        ("Intended use", "Ordering of applications."),
        ("Factors", "`city`"),
        ("Metrics", "best baseline, prior, has log_loss 0.69"),
        ("Metrics", "Success criterion log_loss <= 0.9: met."),
        ("Evaluation data", "120 rows"),
        ("Training data", "| tuned_model | `t1` |"),
        ("Quantitative analyses", "| roc_auc |"),
        ("Ethical considerations", "does not see"),
        ("Caveats and recommendations", "Not for companies."),
        ("Caveats and recommendations", "calibrated warns: Off by 0.06. Advice: Calibrate."),
        ("Provenance", "No gap \\| none."),
    ],
)
def test_a_section_says_what_the_records_say(card: ModelCard, section: str, said: str) -> None:
    """Figures, names and warnings appear where a reader looks for them."""
    assert said in card.sections[section]


def test_intervals_stand_beside_the_values(card: ModelCard, evaluation: EvaluationReport) -> None:
    """A metric without an interval claims too much."""
    item = evaluation.metrics["roc_auc"]
    assert f"| roc_auc | {item.value:.4g} | {item.low:.4g} | {item.high:.4g} |" in card.markdown


def test_a_card_without_evaluation_lineage_or_gates_is_not_complete(
    config: ProjectConfig, deployment: Deployment, manifest: Manifest, evaluation: EvaluationReport
) -> None:
    """The verdict names the sections that would be empty."""
    nothing = pd.DataFrame(columns=["column"])
    bare = replace(evaluation, metrics={}, rows=0, units=0, importance=nothing, slices=nothing)
    bare = replace(bare, robustness=nothing, fairness=replace(bare.fairness, groups=nothing, gaps=nothing))
    card = write_model_card(
        config,
        deployment=replace(deployment, gates={}, previous=None),
        manifest=replace(manifest, lineage={}),
        evaluation=bare,
    )
    verdict = judge_complete(card)
    assert not verdict.passed
    empty = {"Factors", "Metrics", "Evaluation data", "Training data", "Quantitative analyses", "Provenance"}
    assert set(verdict.facts["empty"]) == empty  # type: ignore[arg-type]


def test_a_project_that_names_no_sensitive_column_says_so(
    deployment: Deployment, manifest: Manifest, evaluation: EvaluationReport
) -> None:
    """Silence would read as fairness; the purpose falls back to the problem."""
    card = write_model_card(tiny.project(Path()), deployment=deployment, manifest=manifest, evaluation=evaluation)
    assert "is not known" in card.sections["Ethical considerations"]
    assert card.sections["Intended use"] == "Who repays?"
    assert judge_complete(card).passed


def test_a_removed_heading_is_missed(card: ModelCard) -> None:
    """A card that was cut is not complete."""
    cut = ModelCard(card.markdown.replace("## Metrics", "Metrics"))
    assert judge_complete(cut).facts["empty"] == ["Metrics"]
