"""The draft of a new project: a commented defs.yaml and a schema.yaml for a table that nobody has described.

What is guessed is decided in `guessing`, `roles` and `hints`; here it is put together, held to load, and written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import yaml

from ml_lifecycle.config.brief import Kind, Task
from ml_lifecycle.config.loading import COMPONENT, build_project
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.config.sources import SourceConfig
from ml_lifecycle.dataset.schema import Schema, infer_schema
from ml_lifecycle.discovery.guessing import Goal, Guess, Table, guess_goal, guess_target
from ml_lifecycle.discovery.hints import Hint, find_hints
from ml_lifecycle.discovery.reading import read_table
from ml_lifecycle.discovery.rendering import render
from ml_lifecycle.discovery.roles import Roles, guess_roles
from ml_lifecycle.errors import ConfigError, StateError

__all__ = ["Draft", "Guess", "draft_project", "write_draft"]

_DEFS, _SCHEMA = "defs.yaml", "schema.yaml"

#: What a first model is asked for: little, so that a wrong table fails and a hard problem does not.
_CRITERIA: Final[Mapping[Kind, tuple[str, float]]] = {
    Kind.BINARY: ("roc_auc", 0.70),
    Kind.REGRESSION: ("r2", 0.30),
    Kind.RANKING: ("ndcg@10", 0.50),
}
_MULTICLASS_GAIN = 0.1  # share of the rows outside the commonest class that must be told right
_SPLITS: Final = {
    "random": "There is no time to go by: rows are dealt out at random, each class in its share.",
    "time": "Trained on the oldest rows and tested on the newest, as the model will be used.",
    "group": "Rows that belong together stay together.",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A project that was guessed from a table.

    Args:
        name: The project.
        defs_yaml: Its commented defs.yaml.
        schema_yaml: Its schema in pandera's YAML.
        guesses: What was guessed, and why.
    """

    name: str
    defs_yaml: str
    schema_yaml: str
    guesses: list[Guess]


def draft_project(
    name: str,
    data: Path,
    *,
    task: Task | None = None,
    target: str | None = None,
    event_time: str | None = None,
    group: str | None = None,
    root: Path,
) -> Draft:
    """Guess a project from a table.

    Args:
        name: The new project: a lower-case letter, then letters, digits and underscores.
        data: A CSV (any common separator, compressed too) or a Parquet file; relative to the current folder.
        task: What is asked for; guessed from the target otherwise.
        target: The column to predict.
        event_time: The column that says when a row happened.
        group: Rows with the same value stay in one split; the query in ranking.
        root: The folder that relative paths in defs.yaml start from.

    Raises:
        ConfigError: The name is none for a project, or what was asked for does not go together.
        DataError: The file is missing, empty or unreadable, has too few columns, or lacks a column that was named.
    """
    _judge_name(name)
    source, frame, codes = read_table(data, root)
    table = Table(frame)
    aim = guess_target(table, target)
    goal, why_task = guess_goal(table, aim.value, task, group)
    roles = guess_roles(table, goal, event_time=event_time, group=group)
    hints = find_hints(table, goal, roles=_named(roles))
    criteria, why_criteria = _choose_criteria(goal)
    guesses = [
        aim,
        why_task,
        *_explain_positive(goal),
        *_explain_codes(codes),
        *roles.guesses,
        Guess("split", roles.method, _SPLITS[roles.method]),
        why_criteria,
        *(Guess("look at", ", ".join(hint.columns), hint.text) for hint in hints),
    ]
    text = _write_defs(
        name, source, table, goal, roles=roles, hints=hints, criteria=criteria, guesses=guesses, codes=codes
    )
    _judge_loads(name, text, root)
    return Draft(name, text, _write_schema(table, goal, roles, source.place), guesses)


def write_draft(draft: Draft, folder: Path) -> Path:
    """Write the two files into the project's folder, and give the folder.

    Raises:
        ConfigError: One of them is there already; nothing is overwritten.
        StateError: The folder cannot be written.
    """
    present = [name for name in (_DEFS, _SCHEMA) if (folder / name).exists()]
    if present:
        raise ConfigError(
            f"the project {draft.name!r} exists already",
            expected="a folder without defs.yaml and schema.yaml",
            got=f"{' and '.join(present)} in {folder}",
            advice="choose another name, or delete the folder if you mean to start over",
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # The schema first: a project is there from the moment that its defs.yaml is.
        for name, text in ((_SCHEMA, draft.schema_yaml), (_DEFS, draft.defs_yaml)):
            unfinished = folder / f".{name}.{os.getpid()}"
            unfinished.write_text(text, encoding="utf-8")
            unfinished.replace(folder / name)
    except OSError as error:
        raise StateError(
            f"the project {draft.name!r} cannot be written",
            expected=f"a writable folder {folder}",
            got=f"{type(error).__name__}: {error.strerror}",
            advice="mend its permissions or free space",
        ) from error
    return folder


def _judge_name(name: str) -> None:
    pattern = next(item.pattern for item in ProjectConfig.model_fields["name"].metadata if hasattr(item, "pattern"))
    if not re.fullmatch(pattern, name):
        raise ConfigError(
            f"{name!r} cannot be the name of a project",
            expected="a lower-case letter, then lower-case letters, digits and underscores, 63 characters at most",
            got=repr(name),
            advice="choose another name: keys of assets, jobs and folders are made of it",
        )


def _named(roles: Roles) -> tuple[str, ...]:
    return tuple(filter(None, (roles.id, roles.event_time, roles.outcome_time, roles.entity, roles.group)))


def _choose_criteria(goal: Goal) -> tuple[dict[str, str], Guess]:
    if goal.kind is Kind.MULTICLASS:
        limit = goal.share + _MULTICLASS_GAIN * (1 - goal.share)
        metric, why = "accuracy", f"to name always the commonest class is right in {goal.share:.0%} of the rows"
    else:
        (metric, limit), why = _CRITERIA[goal.kind], "a modest start: raise it to what makes the model useful"
    text = f">= {limit:.2f}"
    return {metric: text}, Guess("success_criteria", f"{metric} {text}", why)


def _explain_positive(goal: Goal) -> list[Guess]:
    if goal.positive is None:
        return []
    return [Guess("positive_class", str(goal.positive), "says yes, or is the rarer of the two")]


def _explain_codes(codes: Mapping[str, str]) -> list[Guess]:
    why = "; ".join(f"{code} stands in {where}" for code, where in codes.items())
    return [Guess("missing_values", " ".join(codes), why)] if codes else []


def _write_defs(
    name: str,
    source: SourceConfig,
    table: Table,
    goal: Goal,
    *,
    roles: Roles,
    hints: list[Hint],
    criteria: Mapping[str, str],
    guesses: list[Guess],
    codes: Mapping[str, str],
) -> str:
    return render(
        "defs.yaml.j2",
        name=name,
        component=COMPONENT,
        today=datetime.now(UTC).date(),
        file=Path(source.place).name,
        path=source.path,
        encoding=source.encoding if "encoding" in source.model_fields_set else None,
        rows=len(table.frame),
        columns=len(table.columns),
        problem=f"Predict {goal.target} from the other columns of {Path(source.place).name}. "
        "Say here what the prediction is for.",
        goal=goal,
        roles=roles,
        hints=hints,
        criteria=criteria,
        codes=list(codes),
        why={guess.what: guess.why.removesuffix(".") for guess in guesses},
    )


def _judge_loads(name: str, text: str, root: Path) -> None:
    """What is written must load: a draft that does not is our mistake, and is told before anything is written."""
    build_project(yaml.safe_load(text)["attributes"], name=name, folder=Path(name), root=root)


def _write_schema(table: Table, goal: Goal, roles: Roles, path: str) -> str:
    schema: Schema = infer_schema(
        table.frame,
        target=goal.target,
        task=goal.task,
        open_columns=tuple(filter(None, (roles.id, roles.entity, roles.group))),
        optional_columns=tuple(filter(None, (roles.outcome_time,))),
    )
    return render("schema.yaml.j2", file=Path(path).name, schema=schema.to_yaml())
