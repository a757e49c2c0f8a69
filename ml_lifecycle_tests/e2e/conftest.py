"""A tiny generated table for projects that are run through the front door."""

import numpy as np
import pandas as pd

_ROWS = 800


def table(seed: int = 0, rows: int = _ROWS) -> pd.DataFrame:
    """A small binary problem that a few trees learn well."""
    random = np.random.default_rng(seed)
    size, price = random.normal(size=rows), random.uniform(1, 9, size=rows)
    colour = random.choice(["red", "green", "blue"], size=rows)
    # by the distance from the middle, which no straight line tells
    risk = np.abs(size) + 0.5 * (colour == "red") - 0.2 * np.abs(price - 5) + random.normal(scale=0.3, size=rows)
    return pd.DataFrame(
        {
            "row": [f"r{number:05d}" for number in range(rows)],
            "size": size.round(4),
            "price": price.round(3),
            "colour": colour,
            "bought": np.where(risk > np.median(risk), "yes", "no"),
        }
    )
