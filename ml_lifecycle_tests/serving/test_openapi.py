"""The OpenAPI document: every path, with the columns of the project."""

import re

from ml_lifecycle_tests.serving.conftest import GOOD, Running


def test_the_document_names_the_columns_of_the_project(running: Running) -> None:
    """Types, categories and gaps are the schema's; answers have the project's classes."""
    document = running.client.get("/openapi.json").json()
    row = document["components"]["schemas"]["Row"]
    assert row["properties"].keys() == {"income", "age", "city"}
    assert row["properties"]["income"]["type"] == ["number", "null"]
    assert set(row["properties"]["city"]["enum"]) >= {"Oslo", "Riga", "Rome"}
    assert set(row["required"]) <= GOOD.keys()
    assert document["components"]["schemas"]["Answer"]["properties"]["prediction"]["enum"] == ["no", "yes"]


def test_every_path_is_in_the_document_and_answers(running: Running) -> None:
    """With a status that the document names; parts of a path are parameters."""
    document = running.client.get("/openapi.json").json()
    assert len(document["paths"]) >= 17
    for path, methods in document["paths"].items():
        for method, spec in methods.items():
            named = {item["name"] for item in spec.get("parameters", ())}
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}
            asked = path.replace("{name}", "tiny").replace("{version}", "7")
            answer = running.client.request(method.upper(), asked, content=b"{}" if method == "post" else None)
            assert str(answer.status_code) in spec["responses"], f"{method} {path}: {answer.status_code}"


def test_every_reference_leads_somewhere(running: Running) -> None:
    """So that tools can read it."""
    text = running.client.get("/openapi.json").text
    known = running.client.get("/openapi.json").json()["components"]["schemas"]
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named <= known.keys()


def test_the_page_needs_no_other_server(running: Running) -> None:
    """Its scripts and styles are there, below its own address."""
    page = running.client.get("/docs").text
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(loaded) >= 3
    assert all(path.startswith("/docs/") and running.client.get(path).status_code == 200 for path in loaded)
