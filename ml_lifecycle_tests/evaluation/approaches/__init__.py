"""Tests of `ml_lifecycle.evaluation.approaches.contestants`."""
