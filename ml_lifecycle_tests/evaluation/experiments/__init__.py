"""Tests of `ml_lifecycle.evaluation.experiments.result`."""
