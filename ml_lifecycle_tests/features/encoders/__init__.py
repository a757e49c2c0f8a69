"""Tests of encoders of the room features."""
