"""Tests of `ml_lifecycle.evaluation.measures.forms`."""
