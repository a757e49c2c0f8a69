"""/predict and /invocations beyond their plain forms, which test_app asks for; a real client of MLflow."""

from typing import Any

import pandas as pd
import pytest

from ml_lifecycle_tests.serving.conftest import GOOD, Running

_ROW = {name: GOOD[name] for name in ("income", "age", "city")}


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": [_ROW, {**_ROW, "age": 79}]},
        {"inputs": {"income": [40.5, 40.5], "age": [30, 79], "city": ["Riga", "Riga"]}},
        {"inputs": {"income": [[40.5], [40.5]], "age": [[30], [79]], "city": [["Riga"], ["Riga"]]}},
        {"instances": [[40.5, 30, "Riga"], [40.5, 79, "Riga"]]},
        {"dataframe_split": {"data": [[40.5, 30, "Riga"], [40.5, 79, "Riga"]]}},
        {"dataframe_records": [_ROW, {**_ROW, "age": 79}], "params": {"ignored": 1}},
    ],
)
def test_each_form_of_mlflow_gives_the_same(running: Running, body: dict[str, Any]) -> None:
    """By records, by columns, and as bare lists in the model's order."""
    first, second = running.client.post("/invocations", json=body).json()["predictions"]
    alone = running.client.post("/predict", json=_ROW).json()
    assert first == {name: alone[name] for name in ("prediction", "probability")}
    assert second["probability"] != first["probability"]


def test_csv_is_read_with_its_gaps(running: Running) -> None:
    """A header, then rows; an empty cell is missing, a cell that cannot be read is that row's error."""
    csv = "income,age,city\n40.5,30,Riga\n,30,Riga\n40.5,old,Riga\n"
    said = running.client.post("/invocations", content=csv, headers={"content-type": "text/csv; charset=utf-8"}).json()
    with_gap = running.client.post("/predict", json={**_ROW, "income": None}).json()
    assert said["predictions"][0]["probability"] == running.client.post("/predict", json=_ROW).json()["probability"]
    assert said["predictions"][1]["probability"] == with_gap["probability"]
    assert said["predictions"][2] is None
    assert said["errors"] == [{"row": 2, "errors": [{"column": "age", "check": "dtype", "value": "old"}]}]


@pytest.mark.parametrize("csv", [b"", b"a,b\n1\n", b"a,a\n1,2\n", b"\xff\xfe", b'a\n"1\n'])
def test_a_csv_that_is_none_is_refused(running: Running, csv: bytes) -> None:
    """No header, a row of another length, a name twice, no UTF-8, an open quote."""
    assert running.client.post("/invocations", content=csv, headers={"content-type": "text/csv"}).status_code == 400


def test_python_s_missing_numbers_are_read_where_mlflow_reads_them(running: Running) -> None:
    """NaN and Infinity are no JSON; /invocations takes them for null all the same, /predict does not."""
    body = (
        b'{"instances": [{"income": NaN, "age": 30, "city": "Riga"}, {"income": -Infinity, "age": 30, "city": "Riga"}]}'
    )
    said = running.client.post("/invocations", content=body).json()
    missing = running.client.post("/predict", json={**_ROW, "income": None}).json()
    assert [item["probability"] for item in said["predictions"]] == [missing["probability"]] * 2
    assert running.client.post("/predict", content=b'{"income": NaN}').status_code == 400
    half_a_character = b'{"instances": [{"income": NaN, "age": 30, "city": "\\ud800"}]}'
    assert running.client.post("/invocations", content=half_a_character).status_code == 400


def test_all_rows_bad_is_422_and_one_good_row_is_not(running: Running) -> None:
    """With column, check and value in the place of each row."""
    bad = {**_ROW, "city": "Mars"}
    refused = running.client.post("/invocations", json={"instances": [bad, {"age": 30}]})
    assert refused.status_code == 422
    assert refused.json()["predictions"] == [None, None]
    assert [item["errors"][0]["check"] for item in refused.json()["errors"]] == ["isin", "column_in_dataframe"]
    assert running.client.post("/invocations", json={"instances": [bad, _ROW]}).status_code == 200


def test_mlflow_s_own_client_is_answered(running: Running) -> None:
    """Ping, version, and a frame with a gap."""
    from mlflow.pyfunc.scoring_server.client import ScoringServerClient

    host, port = running.address.removeprefix("http://").split(":")
    client = ScoringServerClient(host, int(port))
    client.ping()
    assert '"model_version":"7"' in client.get_version()
    frame = pd.DataFrame({"income": [40.5, None], "age": [30, 31], "city": ["Riga", "Rome"]})
    told = client.invoke(frame).get_predictions()
    alone = running.client.post("/predict", json=_ROW).json()
    assert told["probability"].iloc[0] == alone["probability"]
    assert len(told) == 2
