"""Tests of `ml_lifecycle.orchestration`."""
