"""Tests of derived of the room features."""
