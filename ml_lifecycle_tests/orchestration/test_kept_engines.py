"""Tests of `ml_lifecycle.orchestration.kept_engines`; what they do for Dagster is in `test_instance_storage`."""

from ml_lifecycle.orchestration.kept_engines import KeptEngines


def test_an_engine_is_made_once_and_the_oldest_are_forgotten() -> None:
    """The UI looks at more runs than engines are worth keeping."""
    engines = KeptEngines(size=2)
    a, b = engines.of("sqlite:///a"), engines.of("sqlite:///b")
    assert engines.of("sqlite:///a") is a
    engines.of("sqlite:///c")
    assert engines.of("sqlite:///a") is a
    assert engines.of("sqlite:///b") is not b
