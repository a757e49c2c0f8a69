"""Whether a problem can be solved with the data at hand: measured, scored by stated formulas, and recommended."""
