"""Tests of `ml_lifecycle.evaluation.slicing`."""
