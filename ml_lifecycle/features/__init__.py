"""From rows to numbers: extraction that is fitted once on train and used everywhere, and selection."""
