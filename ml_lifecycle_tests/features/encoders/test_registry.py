"""Reading stored encoders."""

from __future__ import annotations

import pytest

from ml_lifecycle.features.encoders.registry import ENCODERS, encoder_from_dict


def test_an_unknown_kind_is_refused() -> None:
    """A state of a later version is not misread, and the kinds that are known are named."""
    with pytest.raises(ValueError, match=r"expected an encoder of kind number.*magic"):
        encoder_from_dict({"column": "x", "nullable": False, "kind": "magic"})


@pytest.mark.parametrize("kind", sorted(set(ENCODERS) - {"number", "missing"}))
def test_a_state_that_lacks_a_part_is_refused(kind: str) -> None:
    """What was learnt must be there."""
    with pytest.raises(KeyError):
        encoder_from_dict({"column": "x", "nullable": False, "kind": kind})
