"""Tests of `ml_lifecycle.modeling.optimization.compiled`."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from ml_lifecycle.config.brief import Kind
from ml_lifecycle.errors import ConfigError
from ml_lifecycle.modeling.optimization.compiled import CompiledModel, compile_model, find_compiler
from ml_lifecycle_tests.modeling.optimization.small import boosted, new_rows, with_sets_of_categories


@pytest.mark.parametrize("kind", [Kind.BINARY, Kind.MULTICLASS])
def test_machine_code_predicts_what_lightgbm_predicts(kind: Kind, capfd: pytest.CaptureFixture[str]) -> None:
    """For gaps too; and the libraries print nothing that a command would have to."""
    model = boosted(kind, rounds=3) if kind is Kind.MULTICLASS else with_sets_of_categories()
    rows = new_rows(kind)
    compiled = CompiledModel(model.facts, compile_model(model))
    np.testing.assert_allclose(compiled.predict(rows), model.predict(rows), rtol=1e-12)
    for row in rows[:20]:
        np.testing.assert_allclose(compiled.predict_row(row), model.predict_row(row), rtol=1e-12)
    assert capfd.readouterr().out == ""


def test_without_a_compiler_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """Which ones would do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="needs a C compiler: expected gcc or clang"):
        find_compiler()


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, "tl2cgen", None)
    with pytest.raises(ConfigError, match=r'pip install "ml-lifecycle\[compiled\]"'):
        compile_model(boosted())
