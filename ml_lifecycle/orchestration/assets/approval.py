"""The asset of a person's word: whether a candidate is approved, and where it is said in the UI.

Who must say yes is the section `release.approval`; how words are judged lives in `release/approval_policy`. The command
`ml-lifecycle approve` says the same without a run.
"""

from dataclasses import replace
from typing import Any

import dagster as dg
from pydantic import Field

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.jobs import STAGED, needs_approval
from ml_lifecycle.orchestration.release_records import author_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.show import as_table
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.verdict import Severity


class SpokenWord(dg.Config):
    """What a person says when they materialise the asset; left empty, it only judges what was said before."""

    who: str = Field(default="", description="Your name or mail address, as release.approval.roles has it.")
    role: str = Field(default="", description="The role you speak for; needed only where you hold several.")
    decision: str = Field(default="", description="approve or reject; empty only judges what was said before.")
    why: str = Field(default="", description="The reason, for those who look later.")


def approval_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """The approval for production."""
    spec = StepSpec(
        "production_approval",
        "release",
        kinds=("human",) if needs_approval(project) else ("python",),
        needs=("model_package",),
        gated_by=(STAGED,),
        sections=(project.release.approval,),
        reusable=not needs_approval(project),
        config=SpokenWord,
    )

    @step(project, spec)
    def production_approval(context: dg.AssetExecutionContext, model_package: Any, config: SpokenWord) -> Made:
        """Whether those whose approval the YAML asks for have given it, for exactly this version and package."""
        from ml_lifecycle.release.approval_desk import record_approved, speak
        from ml_lifecycle.release.approval_policy import Approval, judge_approved
        from ml_lifecycle.release.approvals import Subject

        workspace = Workspace(project)
        subject = Subject(project.name, model_package.version, model_package.manifest.digest)
        spoken = config != SpokenWord()
        if spoken:
            speak(
                project.release.approval,
                workspace.approvals,
                workspace.ledger,
                project=project.name,
                who=config.who,
                said=config.decision,
                why=config.why,
                role=config.role or None,
                version=subject.version,
            )
        words = workspace.approvals.words(project.name, subject.version)
        verdict = judge_approved(project.release.approval, words, subject)
        record_approved(workspace.ledger, subject, verdict, by=author_of(context))
        history = workspace.ledger.history_table(project.name)
        return Made(
            Approval(subject, verdict),
            # A run that was started to say something has done so, even if others must still speak; deploying asks anew.
            verdicts=[replace(verdict, severity=Severity.WARN) if spoken else verdict],
            metadata={
                "version": subject.version,
                "approved": verdict.passed,
                "policy": str(verdict.facts["policy"]),
                "summary": verdict.summary,
                "words": as_table(word_table(words), rows=30),
                "history": as_table(history[history["version"] == subject.version].iloc[::-1], rows=30),
            },
        )

    return [production_approval]


def word_table(words: Any) -> Any:
    """One row for each word, the newest first."""
    import pandas as pd

    columns = ["version", "role", "who", "said", "why", "at", "expires", "digest"]
    return pd.DataFrame([[str(getattr(word, name)) for name in columns] for word in reversed(words)], columns=columns)
