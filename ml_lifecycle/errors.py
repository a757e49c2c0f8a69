"""The errors a user can meet, and the form of their messages.

    LifecycleError
    ├── ConfigError      a project's YAML or a setting is wrong
    ├── DataError        a table cannot be read or cannot be used
    │   └── TargetError  the target column is absent or cannot be learnt
    ├── ModelError       a model cannot be trained, stored or loaded
    │   └── PackageError a packaged model is damaged or not ours
    ├── StateError       the state folder, the lake, MLflow or a database refuses
    │   └── BusyError    another run holds the project
    └── GateError        a blocking gate refuses to let a version pass

A message says what was expected, what came and what to do. Programming mistakes are not in this tree: they stay
`TypeError`, `ValueError` and friends.
"""

from __future__ import annotations


class LifecycleError(Exception):
    """The root of all errors that a user can mend.

    Args:
        what: What went wrong, in one sentence without a full stop.
        expected: What would have been right.
        got: What came instead.
        advice: What to do about it.

    >>> print(DataError("the file cannot be read", expected="a CSV file", got="an empty file", advice="check the path"))
    the file cannot be read: expected a CSV file, got an empty file. What to do: check the path.
    >>> print(TargetError("the target is not there", advice="did you mean 'bought'?"))
    the target is not there. What to do: did you mean 'bought'?
    """

    def __init__(self, what: str, *, expected: str = "", got: str = "", advice: str = "") -> None:
        self.what = what
        self.expected = expected
        self.got = got
        self.advice = advice
        super().__init__(what)

    def __str__(self) -> str:
        """Join the parts that were given into one message."""
        clauses = [f"expected {self.expected}" if self.expected else "", f"got {self.got}" if self.got else ""]
        detail = ", ".join(clause for clause in clauses if clause)
        message = f"{self.what}: {detail}" if detail else self.what
        advice = self.advice if self.advice.endswith((".", "?")) else f"{self.advice}."
        return f"{message}. What to do: {advice}" if self.advice else f"{message}."


class ConfigError(LifecycleError):
    """A project's YAML or a setting is wrong."""


class DataError(LifecycleError):
    """A table cannot be read, or cannot be used for what the project asks."""


class TargetError(DataError):
    """The target column is absent or holds nothing that can be learnt."""


class ModelError(LifecycleError):
    """A model cannot be trained, stored or loaded."""


class PackageError(ModelError):
    """A packaged model is damaged, incomplete or not of this project."""


class StateError(LifecycleError):
    """The state folder, the lake, MLflow or a database refuses to work."""


class BusyError(StateError):
    """Another run holds the project."""


class GateError(LifecycleError):
    """A blocking gate refuses to let a version pass."""
