"""Tests of `ml_lifecycle.orchestration.step`, with `storage`, `memo` and `checks` behind it."""

from collections.abc import Callable
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.errors import DataError
from ml_lifecycle.orchestration import checks
from ml_lifecycle.orchestration.checks import Checkpoint
from ml_lifecycle.orchestration.memo import REUSED_KEY
from ml_lifecycle.orchestration.naming import FORCE_TAG
from ml_lifecycle.orchestration.step import Made, StepSpec, step
from ml_lifecycle.verdict import Severity, Verdict


class _World:
    """What the two steps below see and do."""

    def __init__(self) -> None:
        self.outer = "1"
        self.passed = True
        self.error: Exception | None = None
        self.calls: list[str] = []


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> _World:
    """Two assets with one blocking and one warning check."""
    table = {"first": (Checkpoint("fine", "d"), Checkpoint("nice", "d", blocking=False)), "second": ()}
    monkeypatch.setattr(checks, "CHECKPOINTS", table)
    return _World()


def _assets(project: ProjectConfig, world: _World) -> list[dg.AssetsDefinition]:
    @step(project, StepSpec("first", "dataset", outer=lambda _context: world.outer))
    def first(context: dg.AssetExecutionContext) -> Made:
        """Gives one row."""
        del context
        world.calls.append("first")
        if world.error:
            raise world.error
        return Made(
            pd.DataFrame({"x": [1.5]}),
            verdicts=[
                Verdict("fine", world.passed, "x is fine", facts={"x": 1.5}, advice="mend x"),
                Verdict("nice", passed=False, summary="x is not nice", severity=Severity.WARN),
            ],
            metadata={"note": "hello"},
        )

    @step(project, StepSpec("second", "dataset", needs=("first",)))
    def second(context: dg.AssetExecutionContext, first: Any) -> Made:
        """Doubles it."""
        del context
        world.calls.append("second")
        return Made(first.assign(x=first["x"] * 2))

    return [first, second]


@pytest.fixture
def run(project: ProjectConfig, world: _World) -> Callable[..., dg.ExecuteInProcessResult]:
    """Materialise both assets on one instance, again and again."""
    instance = dg.DagsterInstance.ephemeral()
    assets = _assets(project, world)

    def materialize(**tags: str) -> dg.ExecuteInProcessResult:
        world.calls.clear()
        return dg.materialize(assets, instance=instance, raise_on_error=False, tags=tags)

    return materialize


def test_a_step_writes_hands_on_and_judges(run: Callable[..., Any], world: _World) -> None:
    """Value, metadata, verdicts and description all arrive."""
    result = run()
    assert result.success
    assert world.calls == ["first", "second"]
    assert result.asset_value(["tiny", "second"])["x"].tolist() == [3.0]
    verdicts = {item.check_name: item for item in result.get_asset_check_evaluations()}
    assert verdicts["fine"].passed
    assert verdicts["nice"].severity is dg.AssetCheckSeverity.WARN
    assert verdicts["fine"].metadata["facts"].value == {"x": 1.5}


def test_a_second_run_with_nothing_changed_computes_nothing(run: Callable[..., Any], world: _World) -> None:
    """The earlier result, its metadata and its verdicts are given again."""
    run()
    result = run()
    assert world.calls == []
    assert result.success
    event = result.asset_materializations_for_node("tiny__first")[0]
    assert REUSED_KEY in event.metadata
    assert event.metadata["note"].value == "hello"
    assert len(result.get_asset_check_evaluations()) == 2


def test_a_change_outside_makes_the_step_and_what_follows_run_again(run: Callable[..., Any], world: _World) -> None:
    """Such as other bytes in the source files."""
    run()
    world.outer = "2"
    run()
    assert world.calls == ["first", "second"]


class _Told(dg.Config):
    """What a person may say to the step below."""

    word: str = ""


def test_what_a_person_says_is_never_an_earlier_result(project: ProjectConfig, world: _World) -> None:
    """A step with settings of its own is computed again when they are given, and else as every other."""

    @step(project, StepSpec("second", "dataset", config=_Told))
    def second(context: dg.AssetExecutionContext, config: _Told) -> Made:
        """Repeats it."""
        del context
        world.calls.append(config.word)
        return Made(pd.DataFrame({"said": [config.word or "nothing"]}))

    instance = dg.DagsterInstance.ephemeral()
    for config in ({}, {}, {"word": "yes"}, {"word": "yes"}):
        run_config = {"ops": {"tiny__second": {"config": config}}} if config else {}
        assert dg.materialize([second], instance=instance, run_config=run_config).success
    assert world.calls == ["", "yes", "yes"]


def test_force_computes_again(run: Callable[..., Any], world: _World) -> None:
    """A person may not believe the memory."""
    run()
    run(**{FORCE_TAG: "true"})
    assert world.calls == ["first", "second"]


def test_a_failed_blocking_check_stops_what_follows_and_is_not_remembered(
    run: Callable[..., Any], world: _World
) -> None:
    """The next run judges again, and goes on when the reason is gone."""
    world.passed = False
    result = run()
    assert not result.success
    assert world.calls == ["first"]
    world.passed = True
    assert run().success
    assert world.calls == ["first", "second"]


def test_a_lake_that_was_emptied_is_filled_again(
    run: Callable[..., Any], world: _World, project: ProjectConfig
) -> None:
    """Memory without the data behind it is worth nothing."""
    import shutil

    run()
    shutil.rmtree(project.root / "home" / "lake" / "tiny" / "first")
    run()
    assert "first" in world.calls


def test_an_error_the_user_can_mend_becomes_a_clear_failure(run: Callable[..., Any], world: _World) -> None:
    """The message says what was expected, what came and what to do."""
    world.error = DataError("the file is empty", expected="rows", got="none", advice="give rows")
    result = run()
    failure = result.failure_data_for_node("tiny__first")
    assert "expected rows, got none. What to do: give rows" in failure.user_failure_data.description


def test_a_step_must_answer_every_check_it_declares(project: ProjectConfig, world: _World) -> None:
    """A gate that is silently left out would be a gate that cannot fail."""
    del world

    @step(project, StepSpec("first", "dataset"))
    def first(context: dg.AssetExecutionContext) -> Made:
        """Answers only one of two."""
        del context
        return Made(pd.DataFrame({"x": [1]}), verdicts=[Verdict("fine", passed=True, summary="fine")])

    with pytest.raises(ValueError, match=r"declares the checks \['fine', 'nice'\]"):
        dg.materialize([first], instance=dg.DagsterInstance.ephemeral())
