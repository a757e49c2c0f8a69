"""Charts as SVG, drawn from data: one module per chart. Each is drawn twice, for a wide page and for a phone."""
