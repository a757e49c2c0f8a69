"""A fitted model made smaller or faster: measured, pruned, quantised, exported; and which form of it is taken."""
