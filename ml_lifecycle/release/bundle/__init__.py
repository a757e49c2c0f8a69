"""What lies in a package besides the model, so that it can be served where nothing of ours is installed."""
