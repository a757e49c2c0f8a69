"""The parts of the page, each from its frame; a part whose frame is absent is absent."""
