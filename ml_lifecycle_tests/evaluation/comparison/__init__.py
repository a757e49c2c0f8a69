"""Tests of `ml_lifecycle.evaluation.comparison.champion`."""
