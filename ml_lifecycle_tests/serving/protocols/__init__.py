"""Tests of the protocols of the server."""
