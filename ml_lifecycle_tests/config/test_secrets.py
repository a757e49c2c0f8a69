"""Tests of `ml_lifecycle.config.secrets`: what is a secret that is written out, and what only names one."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from pydantic_core import PydanticCustomError

from ml_lifecycle.config.secrets import SECRET_WRITTEN_OUT, refuse_in_options, refuse_in_url


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:secret@host/db",
        "https://ghp_token@host/x.csv",
        "https://host/x.csv?X-Amz-Date=1&X-Amz-Signature=abc",
        "https://host/x.csv?X-Goog-Signature=abc",
        "https://host/x.csv?sv=2024&sig=abc",
        "https://host/x.csv?access_token=abc",
        "https://host/x.csv?token=abc",
        "https://host/x.csv?apikey=abc",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BUID%3Dme%3BPWD%3Dabc",
        "mssql+pyodbc:///?odbc_connect=PWD%3Dabc",
        "redis://host:6379?password=abc",
        "snowflake://me@account/db?private_key=abc",
    ],
)
def test_a_url_with_a_secret_is_refused(url: str) -> None:
    """The error's type says that what came must not be told, and its message does not."""
    with pytest.raises(PydanticCustomError) as caught:
        refuse_in_url(url)
    assert caught.value.type == SECRET_WRITTEN_OUT
    assert "abc" not in caught.value.message()


@pytest.mark.parametrize(
    "url",
    [
        "data/rows@home.csv",
        "postgresql://me@host/db?sslmode=require",
        "postgresql://me:${PASSWORD}@host/db",
        "abfs://container@account.dfs.core.windows.net/rows",
        "https://host/x.csv?year=2024&sort=signed",
        "https://${TOKEN}@host/x.csv?sig=${SIG}",
        "mssql+pyodbc:///?odbc_connect=DRIVER%3Dx%3BPWD%3D${PASSWORD}",
        "bigquery://project?credentials_path=/etc/key.json",
        "redis://:${PASSWORD}@host:6379/2",
        "https://host/folder@2/x.csv",
    ],
)
def test_a_url_that_names_its_secrets_is_taken(url: str) -> None:
    """So is one that has none."""
    refuse_in_url(url)


@pytest.mark.parametrize(
    "options",
    [
        {"X-API-Key": "abc"},
        {"Cookie": "session=abc"},
        {"Proxy-Authorization": "abc"},
        {"X-Auth-Token": "abc"},
        {"X-Odd": "Bearer abc"},
        {"connection_string": "AccountName=a;AccountKey=abc"},
        {"aws_secret_access_key": "abc"},
        {"sas_token": "abc"},
    ],
)
def test_an_option_with_a_secret_is_refused(options: Mapping[str, str]) -> None:
    """By its name, or by how a header of this kind is written."""
    with pytest.raises(PydanticCustomError):
        refuse_in_options(options)


def test_options_without_secrets_are_taken() -> None:
    """References, identifiers of a key, and words that are no secrets."""
    refuse_in_options(
        {
            "Authorization": "Bearer ${TOKEN}",
            "aws_access_key_id": "AKIA",
            "key": "AKIA",
            "token": "anon",
            "Accept": "text/csv",
            "author": "me",
        }
    )
