"""Tests of history of the room features."""
