"""Tests of `ml_lifecycle.config.reference`."""

from pathlib import Path

import pytest

from ml_lifecycle.config.project import ProjectSections
from ml_lifecycle.config.reference import insert_reference, render_reference

_README = Path(__file__).parents[2] / "README.md"


def test_the_readme_holds_the_reference_of_the_models() -> None:
    """A key that changes without its documentation fails here; `python -m ml_lifecycle.config.reference` mends it."""
    text = _README.read_text(encoding="utf-8")
    assert insert_reference(text) == text


def test_every_section_and_nested_key_is_listed() -> None:
    """Keys of lists and of sections inside sections too."""
    reference = render_reference()
    assert all(f"### `{name}`" in reference for name in ProjectSections.model_fields)
    assert "`sources[].path`" in reference
    assert "`retrain.windows_needed`" in reference


def test_a_document_without_marks_is_refused() -> None:
    """Nothing is written where nobody said."""
    with pytest.raises(ValueError, match="marks"):
        insert_reference("no marks here")
