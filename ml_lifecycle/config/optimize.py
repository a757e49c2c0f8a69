"""`modeling.optimize`: which smaller or faster forms of a tuned model are tried, and which of them is taken."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ml_lifecycle.config.base import Section

#: A form of a model: fewer trees, fewer trees with new weights, coarser leaves and thresholds, another runtime.
Variant = Literal["prune", "prune_refit", "float16", "int8", "onnx", "compiled"]


class OptimizeConfig(Section):
    """Smaller and faster, where it costs no quality."""

    variants: tuple[Variant, ...] = Field(
        default=(), description="Forms to be tried beside the model as it is; none by default: it is only profiled."
    )
    sparsity: float = Field(default=0.5, gt=0, lt=1, description="Share of the trees that pruning takes out at most.")
    tolerance: float = Field(
        default=0.0, ge=0, description="By how much the metric on validation may surely be worse than the model's own."
    )
    choose: Literal["fastest", "smallest", "original"] = Field(
        default="fastest",
        description="Which of the forms that keep the quality is taken; `original` only shows what there is.",
    )
    profile_rows: int = Field(default=1000, ge=1, description="Rows of a batch whose latency is measured.")
