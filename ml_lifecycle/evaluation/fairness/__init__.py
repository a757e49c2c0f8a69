"""Whether groups of people are treated alike, and thresholds that see to it."""
