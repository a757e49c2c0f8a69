"""Tests of `ml_lifecycle.evaluation.validation`."""
