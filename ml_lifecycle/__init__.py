"""The whole life of a machine-learning model on tabular data, as a Dagster graph made from one YAML file."""

import gc
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ml_lifecycle.orchestration.component import LifecycleComponent

__all__ = ["LifecycleComponent"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - module attributes have no common type
    """Load the component when it is asked for: the rooms must not pay for Dagster."""
    if name == "LifecycleComponent":
        # What Dagster's import has made lives as long as the process. Unless it is set aside, a full collection walks
        # all of it while our modules are read, which takes longer than they do.
        gc.freeze()
        from ml_lifecycle.orchestration.component import LifecycleComponent

        globals()[name] = LifecycleComponent
        return LifecycleComponent
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    """The public face, which is what a component registry looks at."""
    return sorted([*globals(), *__all__])
