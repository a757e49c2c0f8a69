"""Tests of modeling/estimators."""
