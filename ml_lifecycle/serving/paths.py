"""The paths of the server: what stands behind each, and what the documentation says of it. Who may ask is `front`'s."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ml_lifecycle.serving.about import About
from ml_lifecycle.serving.desk import Desk
from ml_lifecycle.serving.explain import Explanations
from ml_lifecycle.serving.feedback import Feedback
from ml_lifecycle.serving.front import Way
from ml_lifecycle.serving.limits import Limits
from ml_lifecycle.serving.monitor_page import ASKS_A_PERSON, MonitorPage, PageSource
from ml_lifecycle.serving.openapi import asking, list_of, ref, telling
from ml_lifecycle.serving.protocols.inference import OpenInference
from ml_lifecycle.serving.protocols.rows import RowProtocols

if TYPE_CHECKING:
    from ml_lifecycle.serving.prediction_log import PredictionLog

_HISTORY: Final = (
    "Where the model looks back on what an entity did before, rows bring entity and event time. History is looked up "
    "as it was known up to `history_until` of `/version`, in what was logged when this version began to answer, and in "
    "the rows that this process has answered since. A row may bring history columns of its own, which are taken as "
    "they are."
)
_JSON, _CSV, _ANY_OBJECT = "application/json", "text/csv", {"type": "object"}


def list_ways(project: str, desk: Desk, limits: Limits, about: About, log: PredictionLog | None) -> list[Way]:
    """All paths.

    Args:
        project: The project.
        desk: Has rows answered.
        limits: What is taken at once.
        about: Answers questions about the server.
        log: Where outcomes are kept; None where nothing is kept.
    """
    rows = RowProtocols(desk, limits)
    explained = Explanations(desk, rows)
    feedback = Feedback(project, desk, limits, log)
    row_body, told = {_JSON: ref("Rows")}, ref("Predictions")
    invoked = {_JSON: ref("Invocation"), _CSV: {"type": "string"}}
    return [
        Way("POST", "/predict", rows.predict, spec=telling(
            "Predict one row or several.", row_body, told, description=_HISTORY, refused=told
        )),
        Way("POST", "/invocations", rows.invoke, spec=telling(
            "MLflow's scoring protocol.", invoked, ref("Invoked"), refused=ref("Invoked")
        )),
        Way("POST", "/explain", explained.explain, spec=telling(
            "What each feature adds to a prediction (SHAP values).", row_body, _ANY_OBJECT, refused=_ANY_OBJECT
        )),
        Way("POST", "/feedback", feedback.take, spec=telling(
            "Outcomes, by prediction id or row key.", {_JSON: ref("Outcomes")}, _ANY_OBJECT, refused=_ANY_OBJECT
        )),
        Way("GET", "/health/live", about.live, open=True, spec=asking("Whether the process answers.", _ANY_OBJECT)),
        Way("GET", "/health/ready", about.ready, open=True, spec=asking(
            "Whether a version answers.", _ANY_OBJECT, status="503"
        )),
        Way("GET", "/ping", about.ping, open=True, spec=asking(
            "The same, as MLflow's server says it.", {}, status="503"
        )),
        Way("GET", "/version", about.version, spec=asking("Which version answers.", _ANY_OBJECT)),
        Way("GET", "/metrics", about.count, spec=asking(
            "What has been counted, for Prometheus.", {"type": "string"}, media="text/plain"
        )),
        *_inference_ways(OpenInference(project, desk, limits)),
    ]  # fmt: skip


def monitor_ways(source: PageSource | None) -> list[Way]:
    """The path of the monitoring page; none where nobody draws it."""
    if source is None:
        return []
    spec = asking("The monitoring page, for people.", {"type": "string"}, media="text/html")
    return [Way("GET", "/monitor", MonitorPage(source).show, spec=spec, asks=ASKS_A_PERSON)]


def _inference_ways(inference: OpenInference) -> list[Way]:
    ways = [
        Way("GET", "/v2", inference.about_server, spec=asking("What answers here.", _ANY_OBJECT)),
        Way("GET", "/v2/health/live", inference.live, open=True, spec=asking("Whether it lives.", _ANY_OBJECT)),
        Way("GET", "/v2/health/ready", inference.ready, open=True, spec=asking(
            "Whether a version answers.", _ANY_OBJECT, status="503"
        )),
    ]  # fmt: skip
    model, ready = asking("The model's tensors.", _ANY_OBJECT), asking("Whether it answers.", _ANY_OBJECT)
    infer = telling(
        "Predict the rows of tensors, one for each column.",
        {_JSON: ref("Inference")},
        ref("Inferred"),
        refused={**_ANY_OBJECT, "properties": {"errors": list_of({})}},
    )
    for place in ("/v2/models/{name}", "/v2/models/{name}/versions/{version}"):
        ways += [
            Way("GET", place, inference.about_model, spec=_or_absent(model)),
            Way("GET", f"{place}/ready", inference.model_ready, spec=_or_absent(ready)),
            Way("POST", f"{place}/infer", inference.infer, spec=_or_absent(infer)),
        ]
    return ways


def _or_absent(spec: dict[str, Any]) -> dict[str, Any]:
    absent = {"description": "Another model or version.", "content": {_JSON: {"schema": ref("Error")}}}
    return {**spec, "responses": {**spec["responses"], "404": absent, "503": absent}}
