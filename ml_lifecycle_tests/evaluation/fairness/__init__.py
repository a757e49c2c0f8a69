"""Tests of `ml_lifecycle.evaluation.fairness.assessment`."""
