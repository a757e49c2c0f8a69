"""Words in names of columns that hold something about persons. What values look like is in `content_signs`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SPLIT = re.compile(r"[^a-z0-9]+")


class Group(StrEnum):
    """What a column says about persons."""

    PROTECTED = "protected"
    QUASI = "quasi"
    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105 - the name of a group


@dataclass(frozen=True, slots=True)
class NameSign:
    """Words in a column's name.

    Args:
        group: What they say.
        what: In words.
        words: Sets of words; a name with all words of one set is meant.
        text_only: Only columns of text are meant.
        alone: The name must consist of the words alone.
    """

    group: Group
    what: str
    words: tuple[frozenset[str], ...]
    text_only: bool = False
    alone: bool = False

    def fits(self, words: frozenset[str]) -> bool:
        """Whether a name is meant."""
        return any(words == wanted if self.alone else wanted <= words for wanted in self.words)


def name_words(name: str) -> frozenset[str]:
    """The words of a column's name.

    >>> sorted(name_words("customerEmail_2"))
    ['2', 'customer', 'email']
    """
    return frozenset(filter(None, _SPLIT.split(_CAMEL.sub("_", name).lower())))


def _one_of(*names: str) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(name.split()) for name in names)


NAMES: Final = (
    NameSign(
        Group.SECRET,
        "numbers of persons",
        _one_of(
            "ssn", "social security", "national id", "passport", "tax id", "nino", "personnummer", "aadhaar", "nhs"
        ),
    ),
    NameSign(
        Group.SECRET, "secrets", _one_of("password", "passwd", "pwd", "secret", "api key", "pin code", "cvv", "cvc")
    ),
    NameSign(
        Group.SECRET, "payment data", _one_of("iban", "credit card number", "card number", "creditcard", "account iban")
    ),
    NameSign(Group.PERSONAL, "e-mail addresses", _one_of("email", "e mail", "mailaddress"), text_only=True),
    NameSign(
        Group.PERSONAL,
        "telephone numbers",
        _one_of("phone number", "telephone number", "mobile number", "phone", "msisdn"),
        alone=True,
    ),
    NameSign(
        Group.PERSONAL,
        "names of persons",
        _one_of(
            "first name",
            "last name",
            "full name",
            "given name",
            "family name",
            "surname",
            "firstname",
            "lastname",
            "customer name",
            "patient name",
            "user name",
            "username",
            "maiden name",
            "fullname",
        ),
        text_only=True,
    ),
    NameSign(
        Group.PERSONAL,
        "postal addresses",
        _one_of("street address", "home address", "postal address", "address line", "customer address", "street"),
        text_only=True,
    ),
    NameSign(Group.PERSONAL, "postal addresses", _one_of("address"), text_only=True, alone=True),
    NameSign(Group.PERSONAL, "dates of birth", _one_of("birth date", "birthdate", "date birth", "dob", "birthday")),
    NameSign(
        Group.PERSONAL, "addresses of machines (IP)", _one_of("ip address", "ip addr", "mac address"), text_only=True
    ),
    NameSign(Group.PROTECTED, "sex", _one_of("sex", "gender")),
    NameSign(Group.PROTECTED, "race", _one_of("race", "ethnicity", "ethnic", "ethnic group", "caste"), text_only=True),
    NameSign(Group.PROTECTED, "race", _one_of("race", "ethnicity"), alone=True),
    NameSign(Group.PROTECTED, "religion", _one_of("religion", "religious", "faith"), text_only=True),
    NameSign(Group.PROTECTED, "disability", _one_of("disability", "disabled", "handicap")),
    NameSign(Group.PROTECTED, "sexual orientation", _one_of("sexual orientation", "sexuality")),
    NameSign(
        Group.PROTECTED, "opinion or union", _one_of("political party", "trade union", "union member", "political")
    ),
    NameSign(Group.PROTECTED, "pregnancy", _one_of("pregnant", "pregnancy", "pregnancies")),
    NameSign(
        Group.QUASI,
        "nationality",
        _one_of("nationality", "citizenship", "native country", "birth country", "country origin", "birthplace"),
    ),
    NameSign(
        Group.QUASI,
        "age",
        _one_of("age", "birth year", "year birth", "customer age", "patient age", "age years", "age group"),
        alone=True,
    ),
    NameSign(Group.QUASI, "marital status", _one_of("marital", "marital status", "civil status")),
    NameSign(
        Group.QUASI, "place of living", _one_of("zip", "zip code", "zipcode", "postcode", "postal code", "post code")
    ),
    NameSign(Group.QUASI, "mother tongue", _one_of("native language", "mother tongue")),
)
"""Words in names, the gravest first."""
