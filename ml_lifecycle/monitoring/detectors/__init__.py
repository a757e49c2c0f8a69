"""Detectors of concept drift: has the loss of labelled rows risen, beyond chance, at some moment?

Each module holds one detector; `blocks` what they look at, `watch` how they are put together over windows. What the
loss of a row is lives in `losses`.
"""
