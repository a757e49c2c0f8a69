"""Tests of `ml_lifecycle.monitoring.alerts`."""
