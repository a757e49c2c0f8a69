"""One source of rows, and how a further source is joined to them. Which rows are then used is in `dataset`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, field_validator, model_validator

from ml_lifecycle.config.base import Section
from ml_lifecycle.config.secrets import SECRET_WRITTEN_OUT, refuse_in_options, refuse_in_url

__all__ = ["SECRET_WRITTEN_OUT", "JoinConfig", "SourceConfig"]


class SourceConfig(Section):
    """Where rows come from: files, an address, a database, a Delta table, or one of scikit-learn's data sets.

    Secrets are named, never written: `${NAME}` in `path`, `sql` and `storage_options` is read from the environment when
    the source is.
    """

    path: str | None = Field(
        default=None,
        min_length=1,
        description="A file, a folder, a glob pattern, an http(s) address or any fsspec URL (s3://, gs://, abfs://); a "
        "path is relative to the project root, `{home}` stands for the state folder.",
    )
    sql: str | None = Field(
        default=None,
        min_length=1,
        description="A SQLAlchemy URL, the password as `${NAME}` of an environment variable; with `query` or `table`.",
    )
    query: str | None = Field(default=None, min_length=1, description="SQL: what is selected.")
    table: str | None = Field(default=None, min_length=1, description="SQL: a whole table, `schema.table` too.")
    sklearn: Literal["breast_cancer", "diabetes", "digits", "iris", "wine"] | None = Field(
        default=None, description="A data set that scikit-learn brings along; its target is the column `target`."
    )
    format: Literal["auto", "csv", "parquet", "jsonl", "excel", "delta"] = Field(
        default="auto",
        description="`auto` decides by the name: .parquet/.pq, .jsonl/.ndjson/.json, .xlsx/.xls, a folder with "
        "`_delta_log`, else CSV; .gz, .bz2, .xz, .zst and .zip are unpacked.",
    )
    separator: str | None = Field(default=None, description="CSV: the separator; found out by itself when not given.")
    encoding: str = Field(
        default="utf-8", description="CSV and JSON lines: the text encoding; `auto` finds it out from the bytes."
    )
    decimal: Literal[".", ","] = Field(default=".", description="CSV: what stands before the decimals of a number.")
    thousands: Literal[".", ",", "'", " "] | None = Field(
        default=None,
        description="CSV: what sets thousands apart; a column is read so where all its cells are numbers, so that "
        "dates such as 31.12.2023 stay what they are.",
    )
    text: tuple[str, ...] = Field(
        default=(),
        description="CSV: columns that are kept as the file writes them, zeros in front too; those under "
        "`cleaning.types: text` are anyway.",
    )
    missing_values: tuple[str, ...] = Field(
        default=(), description='Codes that mean "missing" besides the empty cell, such as `"?"`.'
    )
    sheet: str | int = Field(default=0, description="Excel: the sheet, by name or by place from 0.")
    version: int | None = Field(default=None, ge=0, description="Delta: this version of the table, else the newest.")
    columns: tuple[str, ...] = Field(default=(), description="Read only these columns; all by default.")
    sha256: str | None = Field(
        default=None, pattern=r"^[0-9a-fA-F]{64}$", description="The SHA-256 that the one file must have."
    )
    storage_options: dict[str, str] = Field(
        default_factory=dict,
        description="Options of the fsspec file system or the Delta store, or headers of an http(s) address; secrets "
        "as `${NAME}`.",
    )
    timeout: float = Field(
        default=60.0, gt=0, description="Seconds without an answer after which an address or a database is given up."
    )

    @field_validator("path", "sql")
    @classmethod
    def _no_password_in_the_yaml(cls, value: str | None) -> str | None:
        if value is not None:
            refuse_in_url(value)
        return value

    @field_validator("storage_options")
    @classmethod
    def _no_secret_in_the_yaml(cls, value: dict[str, str]) -> dict[str, str]:
        refuse_in_options(value)
        return value

    @model_validator(mode="after")
    def _one_place(self) -> SourceConfig:
        places = [key for key in ("path", "sql", "sklearn") if getattr(self, key) is not None]
        if len(places) != 1:
            msg = f"expected exactly one of `path`, `sql` and `sklearn`, got {places or 'none'}"
            raise ValueError(msg)
        asked = [key for key in ("query", "table") if getattr(self, key) is not None]
        if len(asked) != (1 if self.sql else 0):
            msg = f"expected one of `query` and `table` with `sql` and none without it, got {asked or 'none'}"
            raise ValueError(msg)
        if self.thousands == self.decimal:
            msg = f"expected two signs for `thousands` and `decimal`, got {self.decimal!r} for both"
            raise ValueError(msg)
        if self.sha256 and (self.path is None or self.format == "delta"):
            msg = "expected `sha256` beside the `path` of one file only"
            raise ValueError(msg)
        return self

    @property
    def place(self) -> str:
        """What a person calls this source; secrets stay references."""
        if self.sql is not None:
            return f"{self.sql} {self.table or 'query'}"
        return self.path or f"sklearn:{self.sklearn}"


class JoinConfig(Section):
    """A further source whose columns are added to the rows: by equal keys, by the latest time before, or both."""

    source: SourceConfig = Field(description="Where the further columns come from.")
    by: tuple[str, ...] = Field(default=(), description="Columns of the rows whose values must be equal.")
    right_by: tuple[str, ...] = Field(default=(), description="Their names in the further source; the same by default.")
    as_of: str | None = Field(
        default=None, description="A time column of the rows: the newest further row that is not later is taken."
    )
    right_as_of: str | None = Field(
        default=None, description="The time column of the further source; named as `as_of` by default."
    )
    tolerance: str | None = Field(
        default=None, description="How much older the further row may be, such as `1h` or `7d`; any by default."
    )
    how: Literal["left", "inner"] = Field(
        default="left",
        description="`left` keeps rows that find no partner, with missing cells; `inner` leaves them out.",
    )
    columns: tuple[str, ...] = Field(default=(), description="The columns that are added; all but the keys by default.")
    prefix: str = Field(default="", description="Put before the name of each added column.")

    @field_validator("tolerance")
    @classmethod
    def _a_length_of_time(cls, value: str | None) -> str | None:
        if value is None:
            return value
        import pandas as pd  # only who has a tolerance waits for it

        try:
            readable = pd.Timedelta(value) >= pd.Timedelta(0)  # False for what pandas calls no time
        except ValueError:
            readable = False
        if not readable:
            msg = "expected a length of time, such as `1h` or `7d`"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _something_to_join_by(self) -> JoinConfig:
        if not self.by and self.as_of is None:
            msg = "expected `by`, `as_of` or both, got neither"
            raise ValueError(msg)
        if self.as_of is None and (self.tolerance is not None or self.right_as_of is not None):
            msg = "expected `tolerance` and `right_as_of` beside `as_of` only, got no `as_of`"
            raise ValueError(msg)
        if self.right_by and len(self.right_by) != len(self.by):
            msg = f"expected as many columns under `right_by` as under `by` ({len(self.by)}), got {len(self.right_by)}"
            raise ValueError(msg)
        return self
