"""Tests of the optimisation of models."""
