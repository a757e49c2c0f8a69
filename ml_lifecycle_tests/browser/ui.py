"""The Dagster UI as a browser sees it: where its pages are, when it is ready, what it says about an asset.

The server is started in `conftest`; what must be seen is said in `test_ui`; `pictures` takes the README's pictures.
"""

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from playwright.sync_api import Browser, ViewportSize, sync_playwright

#: The name that workspace.yaml gives to the code location.
LOCATION = "ml_lifecycle"
#: What is seen of a page, and the size of a picture.
VIEWPORT = ViewportSize(width=1400, height=900)
#: Where the browser is, where it is not found by its name.
BROWSER_VARIABLE = "ML_LIFECYCLE_TEST_BROWSER"

_BROWSER_NAMES = ("chromium", "chromium-browser", "google-chrome")
_BROWSER_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
    name loadStatus locationOrLoadError { __typename ... on PythonError { message } } } } } }"""
_MATERIALIZATIONS = """query ($key: [String!]!) { assetOrError(assetKey: {path: $key}) { ... on Asset {
    assetMaterializations(limit: 100) { partition metadataEntries { label
        ... on MarkdownMetadataEntry { mdStr } ... on JsonMetadataEntry { jsonString } } } } } }"""


@dataclass(frozen=True, slots=True)
class Materialization:
    """What the UI can show of one materialisation.

    Args:
        partition: Its partition, if the asset has any.
        pictures: The metadata entries that hold a picture.
        found_drift: Whether its finding says drift.
    """

    partition: str | None
    pictures: tuple[str, ...]
    found_drift: bool


@dataclass(frozen=True, slots=True)
class DagsterUI:
    """A running UI, by its address."""

    url: str

    def page(self, path: str) -> str:
        """The address of a page."""
        return f"{self.url.rstrip('/')}/{path.lstrip('/')}"

    def asset(self, project: str, name: str, view: str = "overview", **query: str) -> str:
        """The address of an asset's page."""
        said = "".join(f"&{key}={value}" for key, value in query.items())
        return self.page(f"assets/{project}/{name}?view={view}{said}")

    def group(self, name: str) -> str:
        """The address of the graph of one asset group."""
        return self.page(f"locations/{LOCATION}/asset-groups/{name}")

    def ask(self, query: str, **variables: object) -> dict[str, Any]:
        """What the UI's GraphQL answers.

        Raises:
            RuntimeError: The query was refused.
        """
        answer = httpx.post(self.page("graphql"), json={"query": query, "variables": variables}, timeout=30)
        answer.raise_for_status()
        said: dict[str, Any] = answer.json()
        if said.get("errors"):
            msg = f"GraphQL at {self.url}: expected an answer, got {said['errors']}"
            raise RuntimeError(msg)
        return dict(said["data"])

    def wait_until_loaded(self, seconds: float) -> None:
        """Wait until the server answers and its code location is loaded.

        Raises:
            RuntimeError: The code location cannot be loaded.
            TimeoutError: It took longer than `seconds`.
        """
        deadline, last = time.monotonic() + seconds, "no answer"
        while time.monotonic() < deadline:
            try:
                httpx.get(self.page("server_info"), timeout=5).raise_for_status()
                loaded, last = self._location_state()
            except httpx.HTTPError as error:
                loaded, last = False, f"{type(error).__name__}: {error}"
            if loaded:
                return
            time.sleep(0.5)
        msg = f"{self.url}: expected the code location {LOCATION} within {seconds:g} s, got {last}"
        raise TimeoutError(msg)

    def materializations(self, project: str, name: str) -> list[Materialization]:
        """What an asset's last materialisations show, newest first."""
        asset = self.ask(_MATERIALIZATIONS, key=[project, name])["assetOrError"]
        return [
            Materialization(
                partition=item["partition"],
                pictures=tuple(
                    entry["label"] for entry in item["metadataEntries"] if "](data:image/" in entry.get("mdStr", "")
                ),
                found_drift=any(_says_drift(entry) for entry in item["metadataEntries"]),
            )
            for item in asset.get("assetMaterializations", [])
        ]

    def _location_state(self) -> tuple[bool, str]:
        entries = self.ask(_LOCATIONS)["workspaceOrError"].get("locationEntries", [])
        for entry in entries:
            if entry["name"] == LOCATION and entry["loadStatus"] == "LOADED":
                location = entry["locationOrLoadError"] or {}
                if location.get("__typename") == "PythonError":
                    msg = f"{LOCATION}: expected a code location that loads, got {location['message']}"
                    raise RuntimeError(msg)
                return bool(location), "a location without definitions"
        return False, f"the locations {[(entry['name'], entry['loadStatus']) for entry in entries]}"


def find_browser() -> str | None:
    """The path of an installed Chromium or Chrome, if there is one."""
    named = os.environ.get(BROWSER_VARIABLE)
    found = (shutil.which(name) for name in _BROWSER_NAMES)
    return named or next((path for path in found if path), None)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A headless browser with a profile of its own.

    Raises:
        FileNotFoundError: There is none.
    """
    path = find_browser()
    if path is None:
        msg = f"expected one of {_BROWSER_NAMES}, got none: install chromium, or name one in {BROWSER_VARIABLE}"
        raise FileNotFoundError(msg)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(_BROWSER_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def _says_drift(entry: dict[str, Any]) -> bool:
    found = json.loads(entry["jsonString"]) if entry["label"] == "finding" and entry.get("jsonString") else {}
    return bool(found.get("drifted"))
