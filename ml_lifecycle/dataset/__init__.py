"""From sources to splits: reading, validating, setting aside and dividing rows. Knows no features and no models."""
