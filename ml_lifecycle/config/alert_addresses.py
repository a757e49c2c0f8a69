"""Telling a secret that is written out in the address of an alert's channel: there, hosts and paths are tokens too.

Secrets in the usual places of a URL are told in `secrets`; what is sent to an address lives in `monitoring.alerts`.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from pydantic_core import PydanticCustomError

from ml_lifecycle.config.secrets import SECRET_WRITTEN_OUT, refuse_in_options, refuse_in_url

#: Begins an address that is taken from the environment as a whole.
FROM_ENVIRONMENT: Final = "env:"

#: Schemes whose address is a host and a path as anywhere; of all others, Slack's or Telegram's, it is made of tokens.
_PLAIN: Final = frozenset(
    {"http", "https", "json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos", "syslog", "dbus", "file"}
)
#: Hosts of chat systems whose webhooks are secret by their path.
_HOOKS: Final = re.compile(
    r"(?:hooks\.slack\.com|discord(?:app)?\.com|chat\.googleapis\.com|api\.telegram\.org|outlook\.office(?:365)?\.com"
    r"|(?:.+\.)?webhook\.office\.com|(?:.+\.)?logic\.azure\.com|(?:.+\.)?api\.powerplatform\.com|hooks\.zapier\.com"
    r"|maker\.ifttt\.com)",
    re.IGNORECASE,
)
_MAIL: Final = frozenset({"mailto", "mailtos"})


def scheme_of(address: str) -> str:
    """The scheme of an address, in small letters; all that may be told of it; empty where it has none.

    >>> scheme_of("slack://${A}/${B}/${C}")
    'slack'
    """
    scheme, found, _ = address.partition("://")
    return scheme.lower() if found else ""


def is_named(address: str) -> bool:
    """Whether an address, or a part of it, comes from the environment."""
    return "${" in address or address.startswith(FROM_ENVIRONMENT)


def refuse_secrets(address: str) -> None:
    """Refuse the address of a channel that holds a password, a token or the path of a chat system's webhook.

    Raises:
        PydanticCustomError: It does; the message does not repeat it.

    >>> refuse_secrets("slack://${SLACK_TOKENS}/#alerts")
    >>> refuse_secrets("jsons://host/alerts?+Authorization=${TOKEN}")
    """
    if address.startswith(FROM_ENVIRONMENT):
        return
    place, asked, query = address.partition("?")
    refuse_in_url(f"{place}/{asked}{query}")  # the slash ends the host: an @ of a mail address after it is no password
    refuse_in_options({name.lstrip("+- :"): value for name, value in _parameters(address) if "${" not in value})
    scheme = scheme_of(address)
    if scheme and not is_named(address) and (scheme not in _PLAIN or _HOOKS.fullmatch(_host(address))):
        raise PydanticCustomError(
            SECRET_WRITTEN_OUT,
            "expected the tokens as ${NAME} of environment variables, or all of the address as env:NAME, got them "
            "written out",
        )


def _parameters(address: str) -> list[tuple[str, str]]:
    """What follows the question mark; Apprise's own password of a mail account is called `pass`."""
    query = address.partition("?")[2]
    pairs = parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)
    mail = scheme_of(address) in _MAIL
    return [("password" if mail and name == "pass" else name, value) for name, value in pairs]


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
