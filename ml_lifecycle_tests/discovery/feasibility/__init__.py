"""Tests of the feasibility study."""
