"""Encoders: one class per way to make numbers of one column, each with a batch and a single-cell path that agree."""
