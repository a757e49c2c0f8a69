"""Tests of `ml_lifecycle.monitoring.drift`."""
