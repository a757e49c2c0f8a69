"""The examples are code to be looked at, not to be imported."""

collect_ignore = ["examples"]
