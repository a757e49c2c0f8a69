"""Mirrors `ml_lifecycle/monitoring/dashboard`."""
