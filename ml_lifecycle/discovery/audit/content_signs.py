"""Forms and check digits by which values about persons are recognised. Names of columns are in `name_signs`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ml_lifecycle.discovery.audit.name_signs import Group


@dataclass(frozen=True, slots=True)
class ContentSign:
    """A form of values.

    Args:
        group: What it says.
        what: In words.
        matches: Whether one value has the form.
        share: Share of different values that must have it.
        share_if_named: The share that is enough when the column's name has one of `words`.
        least: How many different values must have it.
        words: Words of names that make it likelier.
    """

    group: Group
    what: str
    matches: Callable[[str], bool]
    share: float
    share_if_named: float
    least: int
    words: frozenset[str] = frozenset()


def passes_luhn(digits: str) -> bool:
    """The check digit of payment cards (ISO/IEC 7812-1, annex B).

    >>> passes_luhn("4111111111111111"), passes_luhn("4111111111111112")
    (True, False)
    """
    doubled = [int(digit) * (1 + place % 2) for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 * (number > 9) for number in doubled) % 10 == 0  # noqa: PLR2004 - the sum of two digits


def is_card(text: str) -> bool:
    """Whether a text is the number of a payment card: its length, how it begins, its check digit."""
    digits = re.sub(r"[ -]", "", text)
    return _CARD.fullmatch(digits) is not None and len(set(digits)) > 1 and passes_luhn(digits)


def is_iban(text: str) -> bool:
    """Whether a text is an international account number, by its check digits (ISO 13616, ISO 7064 mod 97-10).

    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE89 3704 0044 0532 0130 01")
    (True, False)
    """
    packed = text.replace(" ", "").upper()
    if not _IBAN.fullmatch(packed):
        return False
    return int("".join(str(int(letter, 36)) for letter in packed[4:] + packed[:4])) % 97 == 1


def is_national_id(text: str) -> bool:
    """Whether a text has the form of a US, British, Italian, Spanish or French number of persons.

    >>> is_national_id("078-05-1120"), is_national_id("12345678Z")
    (True, True)
    """
    if _SPANISH.fullmatch(text):
        return "TRWAGMYFPDXBNJZSQVHLCKE"[int(text[:8]) % 23] == text[8]
    return any(form.fullmatch(text) for form in (_SSN, _NINO, _ITALIAN, _FRENCH))


def is_person(text: str) -> bool:
    """Whether a text is two to four capitalised words, one of them a common given name.

    >>> is_person("Maria Lopez"), is_person("Alaska Airlines"), is_person("Maria")
    (True, False, False)
    """
    words = text.replace(",", " ").split()
    if not 2 <= len(words) <= 4:  # noqa: PLR2004 - given names and a surname
        return False
    return all(word[0].isupper() for word in words) and any(word.lower() in _GIVEN for word in words)


def is_given_name(text: str) -> bool:
    """Whether a text is a common given name."""
    return text.lower() in _GIVEN


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CARD = re.compile(
    r"4\d{12}(\d{3}){0,2}|5[1-5]\d{14}|2[2-7]\d{14}|3[47]\d{13}|6(011|5\d\d)\d{12}|3(0[0-5]|[68]\d)\d{11}"
)
_IBAN = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_SSN = re.compile(r"(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}")
_NINO = re.compile(r"[A-CEGHJ-PR-TW-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D]")
_ITALIAN = re.compile(r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]")
_FRENCH = re.compile(r"[12] ?\d{2} ?(0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}")
_SPANISH = re.compile(r"\d{8}[A-Z]")
_EMAIL = re.compile(r"[\w.+'-]{1,64}@[\w-]{1,63}(\.[\w-]{2,63})+")
_PHONE = re.compile(
    r"(\+\d{1,3}[ .-]?)?(\(\d{1,5}\)[ .-]?)?\d{2,5}([ ./-]\d{2,5}){1,4}|\+\d{8,15}|\(\d{2,5}\) ?\d{3,5}-\d{3,5}"
)
_PHONE_CLEAR = re.compile(r"\+\d{1,3}[ .\d()/-]{6,20}|\(\d{2,5}\) ?[\d .-]{6,14}|\d{3}-\d{3}-\d{4}")
_IPV4 = re.compile(r"((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)")
_STREET = re.compile(
    r"\d{1,5}[a-z]? ([\w.'-]+ ){1,4}(street|st|avenue|ave|road|rd|lane|ln|drive|dr|boulevard|blvd|court|way|place)\b.*"
    r"|(rue|avenue|via|calle|plaza|piazza) .+\d.*"
    r"|.+(stra(ss|ß)e|str\.|weg|platz|gasse|allee|laan|straat) ?\d{1,4}.*",
    re.IGNORECASE,
)
_GIVEN: Final = _words(
    """james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark
    donald steven paul andrew joshua kenneth kevin brian george edward ronald timothy jason jeffrey ryan jacob gary
    mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy betty sandra margaret ashley
    emily donna michelle carol amanda melissa deborah stephanie rebecca laura helen anna emma olivia sophia ava mia
    maria jose juan luis carlos jorge pedro manuel antonio miguel francisco ana carmen isabel lucia elena marta paula
    pierre michel philippe louis nicolas jacques marie claire sophie camille chloe julie giulia giuseppe giovanni marco
    luca francesca hans peter klaus stefan andreas martin wolfgang jürgen uwe anke sabine petra monika ursula lena
    lukas leon felix mohammed muhammad ahmed ali omar fatima aisha yusuf ibrahim wei li ming yan hiroshi yuki kenji
    sakura priya rahul amit anjali raj ravi sunil ivan dmitri sergei olga natasha tatiana svetlana piotr jan krzysztof
    agnieszka lars erik sven ingrid astrid bjorn nils sofia alexander alexandra victoria catherine kate alice bob eve
    grace henry jack oliver noah liam ethan lucas benjamin samuel adam aaron"""
)
_SEXES: Final = _words(
    "male female m f man woman men women w masculino femenino mann frau männlich weiblich homme femme boy girl"
)
_RACES: Final = _words("white black asian hispanic latino latina caucasian african-american") | {
    *("african american", "native american", "pacific islander", "asian-pac-islander", "amer-indian-eskimo")
}
_FAITHS: Final = _words(
    "christian christianity catholic protestant orthodox muslim islam jewish judaism hindu hinduism buddhist buddhism "
    "sikh atheist agnostic mormon"
)


def _says_sex(text: str) -> bool:
    return text.lower() in _SEXES


CONTENTS: Final = (
    ContentSign(Group.SECRET, "numbers of payment cards", is_card, 0.8, 0.3, 5, frozenset({"card", "cc", "pan"})),
    ContentSign(Group.SECRET, "account numbers (IBAN)", is_iban, 0.5, 0.3, 3, frozenset({"iban"})),
    ContentSign(
        Group.SECRET,
        "numbers of persons",
        is_national_id,
        0.8,
        0.3,
        5,
        frozenset({"ssn", "nino", "dni", "social", "nir"}),
    ),
    ContentSign(Group.PERSONAL, "e-mail addresses", lambda text: _EMAIL.fullmatch(text) is not None, 0.3, 0.1, 3),
    ContentSign(
        Group.PERSONAL,
        "telephone numbers",
        lambda text: _PHONE_CLEAR.fullmatch(text) is not None and sum(map(str.isdigit, text)) >= 8,  # noqa: PLR2004 - digits of a subscriber
        0.8,
        0.3,
        5,
        frozenset({"phone", "tel", "telephone", "mobile", "fax"}),
    ),
    ContentSign(
        Group.PERSONAL, "addresses of machines (IP)", lambda text: _IPV4.fullmatch(text) is not None, 0.8, 0.5, 5
    ),
    ContentSign(
        Group.PERSONAL,
        "postal addresses",
        lambda text: _STREET.fullmatch(text) is not None,
        0.5,
        0.3,
        5,
        frozenset({"address", "street"}),
    ),
    ContentSign(Group.PERSONAL, "names of persons", is_person, 0.3, 0.1, 5, frozenset({"name"})),
    ContentSign(
        Group.PERSONAL, "given names", is_given_name, 0.5, 0.1, 10, frozenset({"name", "first", "firstname", "given"})
    ),
    ContentSign(Group.PROTECTED, "sex", _says_sex, 0.6, 0.6, 2),
    ContentSign(
        Group.PROTECTED, "race", lambda text: text.lower() in _RACES, 0.5, 0.3, 2, frozenset({"race", "ethnicity"})
    ),
    ContentSign(
        Group.PROTECTED, "religion", lambda text: text.lower() in _FAITHS, 0.5, 0.3, 2, frozenset({"religion", "faith"})
    ),
)
"""Forms of values, the gravest first."""
