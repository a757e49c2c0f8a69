"""Tests of `ml_lifecycle.discovery.review`."""
