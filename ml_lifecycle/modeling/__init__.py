"""From numbers to a fitted model: estimators, baselines, training and search. Evaluation judges it."""
