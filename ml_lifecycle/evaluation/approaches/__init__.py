"""Baseline, pragmatic and best model side by side, with a recommendation by rules."""
