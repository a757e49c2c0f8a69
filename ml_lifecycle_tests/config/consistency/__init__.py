"""Tests of the search for leaks and other risks."""
