"""How good a model is and how sure we are: metrics, intervals, slices, fairness, robustness, comparison, gates."""
