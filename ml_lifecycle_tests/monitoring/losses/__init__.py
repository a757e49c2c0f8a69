"""Tests of `ml_lifecycle.monitoring.losses`."""
