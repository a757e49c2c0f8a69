"""Tests of what lies in a package besides the model."""
