"""How outcomes are written: one for each row of a project, the one that became known last."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from ml_lifecycle.dataset.rows import as_text
from ml_lifecycle.errors import DataError
from ml_lifecycle.release.database import Database
from ml_lifecycle.serving.log_lines import now, plain, write_json
from ml_lifecycle.serving.log_tables import OUTCOMES

_CHUNK: Final = 5_000


def write_outcomes(database: Database, project: str, outcomes: pd.DataFrame) -> int:
    """Write outcomes, all in one transaction.

    Args:
        database: The service database.
        project: The project.
        outcomes: `key`, `outcome`, `known_at` (naive UTC); none of them missing.

    Returns:
        How many were new, or newer than what was kept.

    Raises:
        DataError: A column is absent or a cell missing.
        StateError: The database refuses.
    """
    lines = _outcome_lines(project, outcomes)
    if not lines:
        return 0
    insert = database.insert(OUTCOMES)
    statement = insert.on_conflict_do_update(
        index_elements=[OUTCOMES.c.project, OUTCOMES.c.row_key],
        set_={name: insert.excluded[name] for name in ("outcome", "known_at", "written_at")},
        where=insert.excluded.known_at > OUTCOMES.c.known_at,
    ).returning(OUTCOMES.c.row_key)
    with database.begin() as connection:
        chunks = (lines[start : start + _CHUNK] for start in range(0, len(lines), _CHUNK))
        return sum(len(connection.execute(statement, chunk).all()) for chunk in chunks)


def _outcome_lines(project: str, outcomes: pd.DataFrame) -> list[dict[str, Any]]:
    wanted = ("key", "outcome", "known_at")
    absent = [name for name in wanted if name not in outcomes.columns]
    if absent or outcomes[list(wanted)].isna().any().any():
        raise DataError(
            "outcomes cannot be kept",
            expected="key, outcome and known_at in every row",
            got=f"no column {absent[0]}" if absent else "missing cells",
            advice="leave out rows whose outcome is not known",
        )
    latest = outcomes.sort_values("known_at", kind="stable").drop_duplicates("key", keep="last")
    keys, times = as_text(latest["key"]), [moment.to_pydatetime() for moment in latest["known_at"]]
    values = latest["outcome"].tolist()
    written = now()
    return [
        {
            "project": project,
            "row_key": plain(key),
            "outcome": write_json(value).decode(),
            "known_at": known,
            "written_at": written,
        }
        for key, value, known in zip(keys, values, times, strict=True)
    ]
