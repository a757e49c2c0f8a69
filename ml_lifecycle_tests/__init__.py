"""Tests of ml_lifecycle: the folders mirror the package; `e2e`, `real`, `browser`, `benchmarks` run the whole."""
