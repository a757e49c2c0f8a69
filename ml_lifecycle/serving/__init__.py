"""Scoring rows with a released package, over HTTP and in batches, and the durable log of it."""
