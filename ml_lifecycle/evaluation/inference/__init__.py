"""How sure a figure is, and whether one is better than another: intervals, resampling, tests."""
