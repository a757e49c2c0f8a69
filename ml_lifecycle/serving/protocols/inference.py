"""The Open Inference Protocol (version 2, REST): what the server and the model are, whether they are ready, inference.

How tensors become rows is in `tensors`.
"""

from __future__ import annotations

from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Final

from ml_lifecycle.errors import DataError
from ml_lifecycle.release.answers import answer_columns
from ml_lifecycle.serving.calls import Call, read_json
from ml_lifecycle.serving.desk import Desk
from ml_lifecycle.serving.limits import Limits
from ml_lifecycle.serving.protocols.rows import failures_of
from ml_lifecycle.serving.protocols.tensors import (
    Inference,
    describe_inputs,
    describe_outputs,
    parse_inference,
    write_inference,
)
from ml_lifecycle.serving.replies import Refused, Reply, reply_json

PLATFORM: Final = "ml_lifecycle"
_JSON_LENGTH: Final = b"inference-header-content-length"


class OpenInference:
    """The protocol's paths below `/v2`.

    Args:
        project: The project, which is the model's name.
        desk: Has rows answered.
        limits: What is taken at once.
    """

    def __init__(self, project: str, desk: Desk, limits: Limits) -> None:
        self._project = project
        self._desk = desk
        self._limits = limits

    async def about_server(self, _call: Call) -> Reply:
        """What answers here."""
        return reply_json({"name": PLATFORM, "version": _own_version(), "extensions": ["binary_tensor_data"]})

    async def live(self, _call: Call) -> Reply:
        """Whether the process answers."""
        return reply_json({"live": True})

    async def ready(self, _call: Call) -> Reply:
        """Whether a version answers."""
        there = self._desk.provider.served is not None
        return reply_json({"ready": there}, HTTPStatus.OK if there else HTTPStatus.SERVICE_UNAVAILABLE)

    async def about_model(self, call: Call) -> Reply:
        """Which tensors the model takes and gives."""
        self._check(call)
        served = self._desk.served
        package = served.scorer.package
        target = package.predictor.target
        named = answer_columns(target, intervals=package.predictor.interval is not None)
        return reply_json(
            {
                "name": self._project,
                "versions": [served.version],
                "platform": PLATFORM,
                "inputs": describe_inputs(package.schema, package.manifest.columns),
                "outputs": describe_outputs(named, target.classes),
            }
        )

    async def model_ready(self, call: Call) -> Reply:
        """Whether the model answers."""
        self._check(call)
        return reply_json({"name": self._project, "ready": self._desk.served is not None})

    async def infer(self, call: Call) -> Reply:
        """Predict the rows of some tensors."""
        self._check(call)
        try:
            asked = self._parse(call)
            self._limits.check_rows(len(asked.rows))
            request_id = asked.id or call.request_id
            answered = await self._desk.answer(asked.rows, request_id, version=call.named.get("version"))
            if answered.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                return reply_json(_refusal([failures_of(answer) for answer in answered.answers]), answered.status)
            return reply_json(write_inference(self._project, asked, answered))
        except DataError as error:
            raise Refused(HTTPStatus.BAD_REQUEST, error.what, got=error.got, what_to_do=error.advice) from error

    def _parse(self, call: Call) -> Inference:
        columns = self._desk.served.scorer.package.manifest.columns
        said = call.headers.get(_JSON_LENGTH)
        length = int(said) if said is not None and said.isdigit() else len(call.body)
        read = read_json(call.body[:length], max_depth=self._limits.depth, lenient=True)
        return parse_inference(read, columns, call.body[length:])

    def _check(self, call: Call) -> None:
        """See that the model of the path is the one that is served.

        Raises:
            Refused: It is another one.
        """
        name, version = call.named.get("name", self._project), call.named.get("version")
        if name != self._project:
            raise Refused(HTTPStatus.NOT_FOUND, "this model is not served", got=name[:80], what_to_do=self._project)
        if version is not None and version != self._desk.served.version:
            what = f"leave the version out, or ask for {self._desk.served.version}"
            raise Refused(HTTPStatus.NOT_FOUND, "this version does not answer", got=version[:80], what_to_do=what)


def _own_version() -> str:
    try:
        return version("ml-lifecycle")
    except PackageNotFoundError:  # run from its source
        return "0"


def _refusal(errors: list[list[dict[str, str]]]) -> dict[str, Any]:
    return {"error": "no row can be answered", "errors": errors, "what_to_do": "see what is wrong with each row"}
