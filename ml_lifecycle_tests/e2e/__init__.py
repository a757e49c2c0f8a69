"""Whole runs: real files, real MLflow, real servers, real daemon."""
