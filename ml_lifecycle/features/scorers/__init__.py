"""Ways to score features, one per module; which one a project uses is looked up in `features.scoring`."""
