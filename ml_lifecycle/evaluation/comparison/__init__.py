"""A candidate against the champion or against several others: tests, costs, and what to do."""
