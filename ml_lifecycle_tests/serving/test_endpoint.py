"""endpoint_answers: a real server is asked, and compared with the batch."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.config.project import ProjectConfig
from ml_lifecycle.release.packaging import Package
from ml_lifecycle.serving.endpoint import judge_endpoint
from ml_lifecycle_tests.release import tiny


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS, Kind.REGRESSION])
def test_the_server_answers_what_the_batch_predicts(tmp_path: Path, kind: Kind) -> None:
    """Row by row and together, for every kind; a bad row is refused."""
    package = tiny.package(tmp_path / "package", kind)
    verdict = judge_endpoint(tiny.project(tmp_path, kind), package, "3", tiny.table(20, seed=6))
    assert (verdict.gate, verdict.passed) == ("endpoint_answers", True), verdict.summary


class _Liar(Package):
    """A package whose batch says something else than its rows."""

    def answer(self, frame: pd.DataFrame) -> pd.DataFrame:
        return super().answer(frame).assign(probability=0.123)


def test_another_answer_fails_the_gate(config: ProjectConfig, package: Package) -> None:
    """The row and the column are named."""
    liar = _Liar(**{name: getattr(package, name) for name in Package.__dataclass_fields__})
    verdict = judge_endpoint(config, liar, "3", tiny.table(3))
    assert not verdict.passed
    assert "probability of row 0" in verdict.summary


def test_rows_that_the_server_refuses_fail_the_gate(config: ProjectConfig, package: Package) -> None:
    """A schema that lets nothing pass would make a useless server."""
    closed = replace(package, schema=tiny.schema(Kind.REGRESSION))
    rows = tiny.table(3).assign(city="Mars")
    assert not judge_endpoint(config, closed, "3", rows).passed
