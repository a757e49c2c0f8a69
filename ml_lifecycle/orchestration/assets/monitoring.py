"""The assets of the room monitoring, in the order of the lifecycle; each lives in a module of its own."""

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.data_quality import data_quality_asset
from ml_lifecycle.orchestration.assets.drift import drift_report_asset
from ml_lifecycle.orchestration.assets.operations import operations_report_asset
from ml_lifecycle.orchestration.assets.performance import performance_report_asset
from ml_lifecycle.orchestration.assets.prediction_window import batch_predictions_asset, prediction_window_asset
from ml_lifecycle.orchestration.assets.retraining import improvement_report_asset, retraining_decision_asset


def monitoring_assets(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Batch predictions, window, drift, performance, what follows from them, operations."""
    return [
        batch_predictions_asset(project),
        prediction_window_asset(project),
        data_quality_asset(project),
        drift_report_asset(project),
        performance_report_asset(project),
        retraining_decision_asset(project),
        improvement_report_asset(project),
        operations_report_asset(project),
    ]
