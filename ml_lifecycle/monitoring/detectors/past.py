"""`PastLosses`: the summed up losses of all windows that were judged before, by window and model version."""

from __future__ import annotations

from bisect import bisect_left, insort

import pandas as pd

from ml_lifecycle.monitoring.detectors.blocks import NO_BLOCKS, Blocks


class PastLosses:
    """Losses by window; a run over many windows adds each as it goes."""

    def __init__(self) -> None:
        self._windows: list[str] = []
        self._kept: dict[str, tuple[str, str]] = {}

    @classmethod
    def of(cls, history: pd.DataFrame | None) -> PastLosses:
        """Read the table of performance reports; windows that an earlier version judged hold none.

        Args:
            history: One row per window: `window`, `model_version`, `blocks`; None where nothing was judged yet.
        """
        past = cls()
        if history is None or "blocks" not in history.columns:
            return past
        known = history[history["blocks"].notna()]
        for window, version, text in zip(known["window"], known["model_version"], known["blocks"], strict=True):
            past.add(str(window), str(version), str(text))
        return past

    def add(self, window: str, version: str, text: str) -> None:
        """Keep the losses of a window, as `Blocks.to_text` writes them, in place of what was known of it."""
        if window not in self._kept:
            insort(self._windows, window)
        self._kept[window] = (version, text)

    def before(self, window: str, version: str, rows: float) -> Blocks:
        """The losses of a version before a window, oldest first: as many windows as the newest rows need."""
        found = NO_BLOCKS
        for place in range(bisect_left(self._windows, window) - 1, -1, -1):
            by, text = self._kept[self._windows[place]]
            if by == version:
                found = Blocks.from_text(text).then(found)
            if found.rows >= rows:
                break
        return found
