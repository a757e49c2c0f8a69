"""Experiments beside the project's model: how they are trained, judged, compared and decided about."""
