"""Where a model is worse than on the whole: declared slices, and those that a search finds."""
