"""Tests of `ml_lifecycle.evaluation.plots.choice`."""
