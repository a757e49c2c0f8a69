"""The command `ml-lifecycle`: parses, calls, prints. What it prints with lives in `orchestration.console`.

Exit code 0: all blocking gates passed. 1: a gate stopped a run, or it failed. 2: wrong use or bad input.
"""

from ml_lifecycle.cli.main import app, main

__all__ = ["app", "main"]
