"""Ratios measured side by side in one run: `python -m ml_lifecycle_tests.benchmarks.<name>`; no test asserts them."""
