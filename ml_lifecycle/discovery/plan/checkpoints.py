"""The five checkpoints of a project, and which gates each of them reads. How a gate judges lives in the rooms."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Milestone:
    """A checkpoint: what is reached, and by which gates.

    Args:
        name: What a person says of the project then.
        assets: The assets whose gates belong to it, in the order of the lifecycle.
    """

    name: str
    assets: tuple[str, ...]


MILESTONES: tuple[Milestone, ...] = (
    Milestone("feasibility approved", ("problem_brief", "feasibility_study")),
    Milestone(
        "data ready",
        (
            *("raw_data", "validated_data", "labeled_data", "data_audit", "data_splits", "data_folds"),
            *("risk_assessment", "feature_view", "features", "selected_features"),
        ),
    ),
    Milestone(
        "model meets criteria",
        ("baselines", "tuned_model", "optimized_model", "evaluation", "model_comparison", "model_package"),
    ),
    Milestone("staging validated", ("staged_model",)),
    Milestone(
        "production stable",
        (
            *("production_approval", "deployed_model", "rollout_status", "model_card", "data_quality"),
            *("drift_report", "performance_report", "operations_report"),
        ),
    ),
)


def gates_by_milestone(gates: Mapping[str, Sequence[str]], assets: Collection[str]) -> dict[str, list[str]]:
    """The gates of each checkpoint, as `asset: gate`.

    Args:
        gates: Names of gates by asset.
        assets: The assets that the project has.
    """
    return {
        milestone.name: [
            f"{asset}: {gate}" for asset in milestone.assets if asset in assets for gate in gates.get(asset, ())
        ]
        for milestone in MILESTONES
    }
