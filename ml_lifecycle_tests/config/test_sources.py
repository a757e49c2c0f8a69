"""What a source may say of itself; a secret is not among it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from ml_lifecycle.config.sources import SECRET_WRITTEN_OUT, JoinConfig, SourceConfig


@pytest.mark.parametrize(
    "written",
    [
        {"sql": "postgresql://me:secret@host/db", "table": "t"},
        {"sql": "postgresql://host/db?user=me&password=secret", "table": "t"},
        {"path": "https://me:secret@host/x.csv"},
        {"path": "https://host/x.csv?api_key=abc"},
        {"path": "s3://b/x.csv", "storage_options": {"secret": "abc"}},
        {"path": "https://host/x.csv", "storage_options": {"Authorization": "Bearer abc"}},
    ],
)
def test_a_secret_that_is_written_out_is_refused(written: dict[str, Any]) -> None:
    """The message says what to write, and the error's type that what came must not be told."""
    with pytest.raises(ValidationError, match=r"\$\{NAME\} of an environment variable") as caught:
        SourceConfig.model_validate(written)
    assert [item["type"] for item in caught.value.errors()] == [SECRET_WRITTEN_OUT]


def test_references_and_harmless_words_are_taken() -> None:
    """What names a secret is none."""
    source = SourceConfig(sql="postgresql://me:${PW}@host:5432/db?sslmode=require", table="t")
    assert source.place == "postgresql://me:${PW}@host:5432/db?sslmode=require t"
    SourceConfig(path="gs://bucket/x.csv", storage_options={"token": "anon", "secret": "${SECRET}"})
    SourceConfig(path="https://host/x.csv?api_key=${KEY}&year=2024")


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"path": "a", "sklearn": "iris"},
        {"sql": "sqlite:///x.db"},
        {"sql": "sqlite:///x.db", "table": "a", "query": "b"},
        {"path": "a", "table": "b"},
        {"sklearn": "iris", "sha256": "0" * 64},
        {"path": "a", "sha256": "short"},
    ],
)
def test_a_source_is_one_place(written: dict[str, Any]) -> None:
    """With what belongs to it and nothing else."""
    with pytest.raises(ValidationError):
        SourceConfig.model_validate(written)


def test_a_join_needs_something_to_join_by() -> None:
    """And as many names on both sides."""
    for written in ({}, {"by": ["a"], "right_by": ["b", "c"]}):
        with pytest.raises(ValidationError):
            JoinConfig.model_validate({"source": {"path": "x"}, **written})


@pytest.mark.parametrize("tolerance", ["soon", "", "-1h"])
def test_a_tolerance_is_a_length_of_time(tolerance: str) -> None:
    """What cannot be read is refused with the YAML, not when rows are joined."""
    with pytest.raises(ValidationError, match="length of time"):
        JoinConfig.model_validate({"source": {"path": "x"}, "as_of": "at", "tolerance": tolerance})
    assert JoinConfig.model_validate({"source": {"path": "x"}, "as_of": "at", "tolerance": "7d"}).tolerance == "7d"


def test_a_tolerance_without_a_time_is_refused() -> None:
    """It would do nothing."""
    with pytest.raises(ValidationError, match="as_of"):
        JoinConfig.model_validate({"source": {"path": "x"}, "by": ["k"], "tolerance": "1h"})
