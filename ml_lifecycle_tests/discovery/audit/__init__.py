"""Tests of the audit of the room discovery."""
