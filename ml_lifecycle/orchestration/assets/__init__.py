"""The assets of a project, one module per room; a body takes its inputs, calls a room and wraps the result."""

import dagster as dg

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.orchestration.assets.approval import approval_assets
from ml_lifecycle.orchestration.assets.dataset import dataset_assets
from ml_lifecycle.orchestration.assets.discovery import discovery_assets
from ml_lifecycle.orchestration.assets.evaluation import evaluation_assets
from ml_lifecycle.orchestration.assets.feasibility import feasibility_assets
from ml_lifecycle.orchestration.assets.features import features_assets
from ml_lifecycle.orchestration.assets.housekeeping import housekeeping_assets
from ml_lifecycle.orchestration.assets.modeling import modeling_assets
from ml_lifecycle.orchestration.assets.monitoring import monitoring_assets
from ml_lifecycle.orchestration.assets.optimization import optimization_assets
from ml_lifecycle.orchestration.assets.plan import plan_assets
from ml_lifecycle.orchestration.assets.prediction_log import prediction_log_assets
from ml_lifecycle.orchestration.assets.release import release_assets
from ml_lifecycle.orchestration.assets.rollout import rollout_assets
from ml_lifecycle.orchestration.assets.staging import staging_assets
from ml_lifecycle.orchestration.assets.store import store_assets


def assets_of(project: ProjectConfig) -> list[dg.AssetsDefinition]:
    """Every asset of a project, in the order of the lifecycle."""
    return [
        *discovery_assets(project),
        *feasibility_assets(project),
        *plan_assets(project),
        *dataset_assets(project),
        *features_assets(project),
        *store_assets(project),
        *modeling_assets(project),
        *optimization_assets(project),
        *evaluation_assets(project),
        *staging_assets(project),
        *approval_assets(project),
        *release_assets(project),
        *rollout_assets(project),
        *monitoring_assets(project),
        *prediction_log_assets(project),
        *housekeeping_assets(project),
    ]
