"""Tests of `ml_lifecycle.monitoring.detectors`."""
