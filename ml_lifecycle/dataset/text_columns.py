"""Columns that are cleaned as text are read as text: as numbers they would lose the zeros in front before cleaning.

How a CSV keeps a column as text is in `csv_files`; other formats bring their types along.
"""

from __future__ import annotations

from collections.abc import Sequence

from ml_lifecycle.config.dataset import DatasetConfig, SourceConfig
from ml_lifecycle.config.sources import JoinConfig


def text_columns(config: DatasetConfig) -> list[str]:
    """The columns under `cleaning.types: text`."""
    return [name for name, kind in config.cleaning.types.items() if kind == "text"]


def keep_text(source: SourceConfig, config: DatasetConfig) -> SourceConfig:
    """The source, told which columns to keep as text.

    Args:
        source: A source of rows of the project: of those to learn from, or of those to be scored.
        config: Declares the types.
    """
    return _with_text(source, text_columns(config))


def sources_of(config: DatasetConfig) -> list[SourceConfig]:
    """The sources of the project, each told which columns to keep as text."""
    return [keep_text(source, config) for source in config.sources]


def further_source(wanted: JoinConfig, config: DatasetConfig) -> SourceConfig:
    """The source of a join, told the same: it calls keys by `right_by`, and other columns without the prefix."""
    keys = dict(zip(wanted.by, wanted.right_by or wanted.by, strict=True))
    names = [keys.get(name, name.removeprefix(wanted.prefix)) for name in text_columns(config)]
    return _with_text(wanted.source, names)


def _with_text(source: SourceConfig, names: Sequence[str]) -> SourceConfig:
    return source.model_copy(update={"text": tuple(dict.fromkeys([*source.text, *names]))}) if names else source
