"""Columns that are made of other columns before encoding: crosses, ratios, and what a user's function gives."""
