"""The brief says what the YAML says, and the gate holds success to figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ml_lifecycle.config.loading import build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.discovery.brief import ProblemBrief, judge_criteria_defined, write_brief

KNOWN = {"roc_auc": {"binary", "multiclass"}, "rmse": {"regression"}, "ndcg@10": frozenset({"ranking"})}


def project(*, task: str = "classification", dataset: dict[str, Any] | None = None, **brief: Any) -> ProjectConfig:
    """A project of a brief."""
    attributes = {
        "brief": {"problem": "Who\nleaves?", "task": task, "target": "churned", **brief},
        "dataset": {"sources": [{"path": "data/x.csv"}], **(dataset or {})},
    }
    return build_project(attributes, name="churn", folder=Path("churn"), root=Path())


class TestWriteBrief:
    """The brief as text and facts."""

    def test_names_all_that_is_said(self) -> None:
        """Problem, objective, criteria, constraints, data, owner."""
        brief = write_brief(
            project(
                objective="Call them first.",
                positive_class="yes",
                metric="roc_auc",
                success_criteria={"roc_auc": ">= 0.75"},
                constraints={"latency_p95_ms": 5, "latency_p99_ms": 9.5, "model_size_mb": 20},
                owner="team@example.com",
                dataset={"id": "row", "event_time": "at", "until": "2025-10-01", "drop": ["secret", "other"]},
            )
        )
        for text in (
            "# churn",
            "Who leaves?",
            "Call them first.",
            "probability of `yes`",
            "`roc_auc >= 0.75`",
            "within 5 ms",
            "within 9.5 ms",
            "20 MB",
            "`data/x.csv`",
            "| event time | `at`",
            "2025-10-01",
            "`secret`, `other`",
            "team@example.com",
        ):
            assert text in brief.markdown, text
        assert brief.facts["roles"] == {"id": "row", "event_time": "at"}
        assert brief.facts["constraints"] == {"latency_p95_ms": 5, "latency_p99_ms": 9.5, "model_size_mb": 20}

    def test_says_what_is_not_said(self) -> None:
        """Nothing is left open silently."""
        text = write_brief(project(task="regression")).markdown
        assert "- none is defined" in text
        assert "- none\n" in text
        assert "nobody is named" in text

    def test_can_be_stored(self) -> None:
        """A brief is made again of its parts."""
        brief = write_brief(
            project(problem="Wer kündigt?", dataset={"event_time": "at", "until": "2025-10-01T12:30:00"})
        )
        assert "2025-10-01 12:30:00" in brief.markdown
        assert ProblemBrief.from_parts(brief.to_parts()) == brief


class TestJudgeCriteriaDefined:
    """The gate success_criteria_defined."""

    def test_passes_known_metrics_that_fit(self) -> None:
        """By kind, or by task."""
        config = project(success_criteria={"roc_auc": ">= 0.8"}, metric="roc_auc")
        verdict = judge_criteria_defined(config, KNOWN)
        assert verdict.passed
        assert verdict.gate == "success_criteria_defined"
        assert "roc_auc >= 0.8" in verdict.summary
        assert judge_criteria_defined(config, {"roc_auc": ["classification"]}).passed
        ranked = project(task="ranking", dataset={"group": "q"}, success_criteria={"ndcg@10": ">= 0.5"})
        assert judge_criteria_defined(ranked, KNOWN).passed

    @pytest.mark.parametrize(
        ("brief", "said"),
        [
            ({}, "none is given"),
            ({"success_criteria": {"rocauc": ">= 0.8"}}, "did you mean roc_auc"),
            ({"success_criteria": {"zzz": ">= 0.8"}}, "no such metric"),
            ({"success_criteria": {"rmse": "<= 3"}}, "does not fit a classification"),
            ({"success_criteria": {"roc_auc": ">= 0.8"}, "metric": "rmse"}, "brief.metric rmse: does not fit"),
        ],
    )
    def test_blocks_what_cannot_be_held(self, brief: dict[str, Any], said: str) -> None:
        """No criterion, an unknown metric, or one for another problem: also where no YAML was read."""
        plain = project()
        changed = plain.model_copy(update={"brief": plain.brief.model_copy(update=brief)})
        verdict = judge_criteria_defined(changed, KNOWN)
        assert verdict.blocks
        assert said in verdict.summary
        assert "roc_auc" in verdict.advice
