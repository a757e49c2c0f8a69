"""Tests of the project plan."""
