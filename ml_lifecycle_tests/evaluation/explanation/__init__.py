"""Tests of `ml_lifecycle.evaluation.explanation.importance`."""
