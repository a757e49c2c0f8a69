"""The Open Inference Protocol, asked as its specification says; the binary extension as Triton's client sends it."""

import json
import struct
from typing import Any

import httpx
import numpy as np
import pytest

from ml_lifecycle_tests.serving.conftest import GOOD, Running

_MODEL = "/v2/models/tiny"


def _tensor(name: str, datatype: str, data: list[Any]) -> dict[str, Any]:
    return {"name": name, "shape": [len(data)], "datatype": datatype, "data": data}


_INPUTS = [
    _tensor("income", "FP64", [40.5, 1.0]),
    _tensor("age", "INT64", [30, 31]),
    _tensor("city", "BYTES", ["Riga", "Rome"]),
]


def _infer(running: Running, **body: Any) -> httpx.Response:
    return running.client.post(f"{_MODEL}/infer", json=body)


def _outputs(answer: httpx.Response) -> dict[str, list[Any]]:
    assert answer.status_code == 200, answer.text
    return {item["name"]: item["data"] for item in answer.json()["outputs"]}


def test_the_server_and_the_model_say_what_they_are(running: Running) -> None:
    """Live, ready, and a tensor for every column."""
    assert running.client.get("/v2/health/live").json() == {"live": True}
    assert running.client.get("/v2/health/ready").json() == {"ready": True}
    assert running.client.get("/v2").json()["name"] == "ml_lifecycle"
    told = running.client.get(_MODEL).json()
    assert (told["name"], told["versions"]) == ("tiny", ["7"])
    assert [(item["name"], item["datatype"]) for item in told["inputs"]] == [
        ("income", "FP64"),
        ("age", "INT64"),
        ("city", "BYTES"),
    ]
    assert [item["name"] for item in told["outputs"]] == ["prediction", "probability"]
    for path in (f"{_MODEL}/ready", f"{_MODEL}/versions/7/ready"):
        assert running.client.get(path).json() == {"name": "tiny", "ready": True}


def test_named_tensors_are_answered_as_rows_are(running: Running) -> None:
    """The same figures as /predict, under the caller's id, which is in the log."""
    answer = _infer(running, id="mine", inputs=_INPUTS)
    said = answer.json()
    alone = running.client.post("/predict", json={name: GOOD[name] for name in ("income", "age", "city")}).json()
    assert (said["model_name"], said["model_version"], said["id"]) == ("tiny", "7", "mine")
    assert _outputs(answer)["probability"][0] == alone["probability"]
    assert {item["name"]: item["datatype"] for item in said["outputs"]}["prediction"] == "BYTES"
    assert set(_outputs(answer)["prediction_id"]) <= set(running.logged()["prediction_id"])


def test_only_the_outputs_that_are_asked_for_come(running: Running) -> None:
    """And one that the model does not have is refused."""
    assert [*_outputs(_infer(running, inputs=_INPUTS, outputs=[{"name": "probability"}]))] == ["probability"]
    assert _infer(running, inputs=_INPUTS, outputs=[{"name": "colour"}]).status_code == 400


def test_a_bad_row_is_null_and_has_its_error(running: Running) -> None:
    """The good one is answered; 422 where none is."""
    cities = _tensor("city", "BYTES", ["Mars", "Rome"])
    said = _outputs(_infer(running, inputs=[*_INPUTS[:2], cities]))
    assert said["probability"][0] is None
    assert said["probability"][1] is not None
    assert said["error"] == ["city: isin (Mars)", ""]
    refused = _infer(running, inputs=[*_INPUTS[:2], _tensor("city", "BYTES", ["Mars", "Mars"])])
    assert refused.status_code == 422
    assert refused.json()["errors"][0][0]["column"] == "city"


def test_the_binary_extension_is_read(running: Running) -> None:
    """Numbers as they lie in memory, texts with their length before them."""
    texts = b"".join(struct.pack("<I", len(text)) + text for text in (b"Riga", b"Rome"))
    parts = [np.array([40.5, 1.0]).tobytes(), np.array([30, 31]).tobytes(), texts]
    heads = [
        {
            "name": item["name"],
            "shape": [2],
            "datatype": item["datatype"],
            "parameters": {"binary_data_size": len(part)},
        }
        for item, part in zip(_INPUTS, parts, strict=True)
    ]
    head = json.dumps({"inputs": heads}).encode()
    answer = running.client.post(
        f"{_MODEL}/infer",
        content=head + b"".join(parts),
        headers={"inference-header-content-length": str(len(head)), "content-type": "application/octet-stream"},
    )
    assert _outputs(answer)["probability"] == _outputs(_infer(running, inputs=_INPUTS))["probability"]


@pytest.mark.parametrize("path", ["/v2/models/other", f"{_MODEL}/versions/9", f"{_MODEL}/versions/9/ready"])
def test_another_model_or_version_is_not_here(running: Running, path: str) -> None:
    """Status 404."""
    assert running.client.get(path).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"inputs": []},
        {"inputs": [3]},
        {"inputs": [{"name": "age", "shape": [1], "datatype": "FP128", "data": [1]}]},
        {"inputs": [{"name": "age", "shape": [1], "datatype": {"a": 1}, "data": [1]}]},
        {"inputs": [{"name": "age", "shape": [2], "datatype": "INT64", "data": [1]}]},
        {"inputs": [{"name": "age", "shape": [-1], "datatype": "INT64", "data": [1]}]},
        {"inputs": [{"name": "age", "shape": [1], "datatype": "INT64"}]},
        {"inputs": [{"name": "age", "shape": [1, 2], "datatype": "INT64", "data": [1, 2]}]},
        {"inputs": [_tensor("age", "INT64", [1]), _tensor("income", "FP64", [1.0, 2.0])]},
        {"inputs": [_tensor("age", "INT64", [1])], "outputs": 3},
        {"inputs": [{**_tensor("age", "INT64", [1]), "parameters": {"binary_data_size": 3}}]},
        {"inputs": [{**_tensor("age", "INT64", [1]), "parameters": {"binary_data_size": -1}}]},
    ],
)
def test_what_is_no_inference_request_is_refused(running: Running, body: Any) -> None:
    """Status 400 with an `error`, as the protocol has it."""
    answer = running.client.post(f"{_MODEL}/infer", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]
