"""The asset that judges what came in a window: refused rows, volume, freshness, latency."""

from typing import Any

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.partitions import Stretch, partitions_of, stretch_of
from ml_lifecycle.orchestration.resources import Workspace
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.orchestration.window_runs import once

DATA_QUALITY = "data_quality"
_TABLE = "quality"


def data_quality_asset(project: ProjectConfig) -> dg.AssetsDefinition:
    """`data_quality`: what of a window was refused, how much came, how old it was, how long callers waited."""
    spec = StepSpec(
        DATA_QUALITY, "monitoring", kinds=("numpy",), needs=("prediction_window",), partitions=partitions_of(project)
    )

    @step(project, spec)
    def data_quality(context: dg.AssetExecutionContext, prediction_window: Any) -> Made:
        """The partition's rows, and those that got an error: violations, volume, freshness and latency."""
        from ml_lifecycle.monitoring import quality

        report = _assess(project, stretch_of(project, context.partition_key), prediction_window)
        verdicts = [
            quality.judge_volume(report),
            quality.judge_fresh(report),
            quality.judge_few_violations(report),
            quality.judge_latency(report),
        ]
        figures = {name: value for name, value in report.facts().items() if isinstance(value, int | float)}
        return Made(report, verdicts, {**figures, "report": dg.MetadataValue.md(report.markdown())})

    return data_quality


def _assess(project: ProjectConfig, stretch: Stretch, window: Any) -> Any:
    from ml_lifecycle.monitoring.quality import LatencyLimits, assess_quality

    config, asked = project.monitoring.quality, project.brief.constraints
    log = once("log", lambda: Workspace(project).log)
    answered = _answered(log, project, stretch, window)
    failures = log.failure_frame(project.name, stretch.start, stretch.end)
    volumes = once("volumes", lambda: _earlier(project))
    volume = volumes.usual(stretch.start, config)
    volumes.add(stretch.start, len(answered))
    limits = LatencyLimits(
        config.max_latency_p95_ms or asked.latency_p95_ms, config.max_latency_p99_ms or asked.latency_p99_ms
    )
    return assess_quality(stretch.start, stretch.end, answered, failures, volume, config, limits=limits)


def _answered(log: Any, project: ProjectConfig, stretch: Stretch, window: Any) -> Any:
    """The rows of the partition; the rolling window holds them, where it is not counted in rows."""
    if stretch.rows is not None:
        return log.window(project.name, stretch.start, stretch.end)
    return window.frame[window.frame["event_time"] >= stretch.start]


def _earlier(project: ProjectConfig) -> Any:
    """How many rows windows have had; those of the same run are added as they come."""
    from ml_lifecycle.monitoring.volume import PastVolumes
    from ml_lifecycle.orchestration.lake import Lake

    past = Lake(Workspace(project).home.lake).history((project.name, DATA_QUALITY), _TABLE)
    volumes = PastVolumes(hourly=project.monitoring.cadence == "hourly")
    if past is not None:
        for start, rows in zip(past["start"], past["rows"], strict=True):
            volumes.add(start.to_pydatetime(), int(rows))
    return volumes
