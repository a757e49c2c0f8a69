"""Columns about persons, by name and by content."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ml_lifecycle.discovery.audit.content_signs import is_card, is_iban, is_national_id
from ml_lifecycle.discovery.audit.findings import FindingSeverity
from ml_lifecycle_tests.discovery.audit.tables import find, make_clean, make_project, with_column

CARDS = ["4111111111111111", "5500005555555559", "4012888888881881", "371449635398431", "6011111111111117"]
IBANS = ["DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606", "NL91ABNA0417164300"]
MAILS = ["ann@example.org", "bob.b@example.com", "c_d+x@mail.example.net", "eve@example.de"]
PHONES = ["+49 30 1234567", "+1 (212) 555-0100", "(0911) 234567-8", "+44 20 7946 0958", "212-555-0199"]
PEOPLE = ["Maria Lopez", "John Miller", "Anna Schmidt", "Peter van Dyk", "Li Wei", "Sarah Connor"]
STREETS = ["12 Baker Street", "Hauptstraße 5", "7 Elm Road, Springfield", "221b Long Lane", "Rue de Rivoli 10"]


@pytest.mark.parametrize(
    ("values", "what", "severity"),
    [
        (CARDS, "payment cards", "serious"),
        ([int(card) for card in CARDS], "payment cards", "serious"),
        (IBANS, "IBAN", "serious"),
        (["078-05-1120", "219-09-9999", "457-55-5462", "123-45-6789", "321-12-4321"], "numbers of persons", "serious"),
        (MAILS, "e-mail", "warning"),
        (PHONES, "telephone", "warning"),
        (PEOPLE, "names of persons", "warning"),
        (STREETS, "postal", "warning"),
        (["10.0.0.1", "192.168.1.20", "8.8.8.8", "172.16.0.9", "127.0.0.1"], "machines", "warning"),
        (["m", "f"], "sex", "warning"),
        (["White", "Black", "Asian", "Other"], "race", "warning"),
        (["Muslim", "Christian", "Hindu", "other"], "religion", "warning"),
    ],
)
def test_content_tells(values: list[Any], what: str, severity: str) -> None:
    """Whatever the column is called."""
    finding = find(with_column("col7", values))["sensitive:col7"]
    assert what in finding.text
    assert finding.severity.value == severity


@pytest.mark.parametrize(
    "name",
    ["sex", "Gender", "customer_gender", "ethnicity", "religion", "disability", "date_of_birth", "birthDate", "age"],
)
def test_names_tell(name: str) -> None:
    """Whatever their values are."""
    assert f"sensitive:{name}" in find(with_column(name, ["k1", "k2", "k3"]))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("page", ["a", "b"]),
        ("sextant", [1, 2]),
        ("storage", [10, 20]),
        ("race_laps", [50, 60, 70]),
        ("address_count", [0, 1, 2]),
        ("name", ["Alaska Airlines Inc.", "Delta Air Lines", "United Air Lines"]),
        ("product", ["Mark II", "Model T", "Type R"]),
        ("size", ["M", "L", "S", "XL"]),
        ("colour", ["white", "black", "red", "green", "blue"]),
        ("version", ["1.2.3.4000", "1.2.3.4001"]),
        ("reference", [4111111111111112, 5500005555555558, 4012888888881882, 371449635398432, 6011111111111118]),
    ],
)
def test_what_only_sounds_so_is_left_in_peace(name: str, values: list[Any]) -> None:
    """Words within words, airlines, sizes, numbers that fail the check digit."""
    assert f"sensitive:{name}" not in find(with_column(name, values))


def test_random_numbers_are_no_cards() -> None:
    """One in ten passes the check digit; eight in ten are asked for."""
    numbers = np.random.default_rng(0).integers(4 * 10**15, 5 * 10**15, 600)
    assert "sensitive:token" not in find(make_clean().assign(token=numbers))


def test_declared_columns_are_known() -> None:
    """What fairness judges is no news; an e-mail address stays one."""
    frame = with_column("sex", ["m", "f"]).assign(mail=np.resize(MAILS, 600))
    assert set(find(frame, make_project(fairness=("sex", "mail")))) == {"sensitive:mail"}


def test_check_digits() -> None:
    """Each scheme takes its own examples and refuses a changed digit."""
    assert all(map(is_card, CARDS))
    assert all(map(is_iban, IBANS))
    assert not is_card("4111111111111112")
    assert not is_iban("DE88370400440532013000")
    assert is_national_id("RSSMRA85T10A562S")
    assert not is_national_id("000-12-3456")


def test_gravest_first() -> None:
    """A secret is serious."""
    assert find(with_column("iban", IBANS))["sensitive:iban"].severity is FindingSeverity.SERIOUS
