"""Runs on public data sets that are not part of the project; their folder is named in ML_LIFECYCLE_TEST_DATA."""
