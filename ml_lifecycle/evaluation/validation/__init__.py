"""Judging the way a model is made: cross-validation, and searches nested in it."""
