"""Tests of `ml_lifecycle.config`."""
