"""Tests of `ml_lifecycle.evaluation.inference`."""
