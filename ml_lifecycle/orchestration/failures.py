"""How an error that a user can mend becomes a failure in Dagster. Which errors there are: `ml_lifecycle.errors`."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from ml_lifecycle.errors import LifecycleError


@contextmanager
def failing_clearly() -> Iterator[None]:
    """Turn an error that a user can mend into a failure with that message, which is not tried again.

    Raises:
        dg.Failure: A `LifecycleError` came.
    """
    try:
        yield
    except LifecycleError as error:
        parts = {"expected": error.expected, "got": error.got, "what_to_do": error.advice}
        metadata = {"error": type(error).__name__, **{name: text for name, text in parts.items() if text}}
        raise dg.Failure(description=str(error), metadata=metadata, allow_retries=False) from error
