"""Tests of `ml_lifecycle.cli`."""
