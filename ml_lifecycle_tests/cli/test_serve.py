"""ml-lifecycle serve and keys: what is refused before anything starts, and keys from giving out to revoking."""

import json

import pytest

from ml_lifecycle_tests.cli.conftest import GOODS
from ml_lifecycle_tests.site_folder import SiteFolder
from ml_lifecycle_tests.small_shop import call


def test_a_server_without_keys_stays_on_this_machine(shop: SiteFolder) -> None:
    """Another address on the command line is refused as one in the YAML is."""
    del shop
    done = call("serve", GOODS, "--host", "0.0.0.0")  # noqa: S104 - that is what is refused
    assert done.code == 2
    assert "serving.auth to api_key" in done.said


@pytest.mark.parametrize("option", [("--workers", "0"), ("--port", "70000")])
def test_wrong_figures_are_refused(shop: SiteFolder, option: tuple[str, str]) -> None:
    """Before anything starts."""
    del shop
    assert call("serve", GOODS, *option).code == 2


def test_a_key_is_shown_once_listed_and_revoked(shop: SiteFolder) -> None:
    """What is listed is its name and its times, never the key."""
    del shop
    given = json.loads(call("keys", "add", GOODS, "anna", "--json").said)
    assert given["key"].startswith("mlk_")
    listed = call("keys", "list", GOODS, "--json").said
    assert given["key"] not in listed
    assert [(item["name"], item["revoked_at"]) for item in json.loads(listed)] == [("anna", None)]
    assert call("keys", "revoke", GOODS, "anna").code == 0
    assert json.loads(call("keys", "list", GOODS, "--json").said)[0]["revoked_at"]
    assert call("keys", "revoke", GOODS, "anna").code == 2
    assert "anna" in call("keys", "list", GOODS).said
    assert call("keys", "add", GOODS, "anna").code == 2
