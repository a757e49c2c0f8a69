"""How a picture is made: a PNG of one or several axes, without any global state. What is drawn: the `*_plots`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

BLUE, GREY, RED = "#2b6cb0", "#a0aec0", "#c53030"
#: Colours of classes, readable side by side also for the colour-blind (Okabe and Ito 2008).
CLASS_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#f0e442")
_SIZE = (4.6, 3.6)
_DPI = 90
_TICKS = 5
#: Room around and between axes, in inches.
_MARGIN, _GAP = 0.06, 0.14

#: What fills one axes.
Paint: TypeAlias = "Callable[[Axes], None]"


def draw_png(*paints: Paint, columns: int = 2) -> bytes:
    """One picture; the figure belongs to no global state, so that threads do not meet in it.

    Args:
        paints: What fills the axes; several become panels of one picture.
        columns: Panels beside each other at most.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    across = min(columns, len(paints))
    down = -(-len(paints) // across)
    shrink = 1.0 if down == 1 else 0.75
    figure = Figure(figsize=(_SIZE[0] * across * shrink, _SIZE[1] * down * shrink), dpi=_DPI)
    canvas = FigureCanvasAgg(figure)
    panels = [figure.add_subplot(down, across, place + 1) for place in range(len(paints))]
    for axes, paint in zip(panels, paints, strict=True):
        axes.tick_params(labelsize=8)
        axes.locator_params(nbins=_TICKS)
        paint(axes)
    _fit(figure, canvas, panels, (down, across))
    return _encode(canvas)


def name_axes(axes: Axes, title: str, x: str, y: str) -> None:
    """Write title and names of the axes."""
    axes.set_title(title, fontsize=10, y=1.0)  # a fixed place: looking for one takes a tenth of the time
    axes.set_xlabel(x, fontsize=9)
    axes.set_ylabel(y, fontsize=9)


def shorten(name: object, letters: int = 24) -> str:
    """A name that fits beside an axis.

    >>> shorten("a very long name of a column", 12)
    'a very long…'
    """
    text = str(name).replace("$", r"\$")  # else a pair of them would be read as a formula
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def _fit(figure: Figure, canvas: FigureCanvasAgg, panels: Sequence[Axes], shape: tuple[int, int]) -> None:
    """Make room for what is written beside the axes: one pass, a third of the time of matplotlib's own layouts."""
    renderer = canvas.get_renderer()
    beyond = []
    for axes in panels:
        inner, outer = axes.get_window_extent(renderer), axes.get_tightbbox(renderer)
        assert outer is not None, "axes that are drawn have an extent"  # noqa: S101 - invariant
        beyond.append((inner.x0 - outer.x0, outer.x1 - inner.x1, inner.y0 - outer.y0, outer.y1 - inner.y1))
    left, right, below, above = (max(0.0, *sides) / _DPI for sides in zip(*beyond, strict=True))
    width, height = figure.get_size_inches()
    down, across = shape
    wide = (width - 2 * _MARGIN - across * (left + right) - (across - 1) * _GAP) / across
    high = (height - 2 * _MARGIN - down * (below + above) - (down - 1) * _GAP) / down
    figure.subplots_adjust(
        left=(_MARGIN + left) / width,
        right=1 - (_MARGIN + right) / width,
        bottom=(_MARGIN + below) / height,
        top=1 - (_MARGIN + above) / height,
        wspace=(left + right + _GAP) / max(wide, 0.1),
        hspace=(below + above + _GAP) / max(high, 0.1),
    )


def _encode(canvas: FigureCanvasAgg) -> bytes:
    """PNG bytes without metadata; drawn once, where matplotlib's own saving draws twice."""
    import numpy as np
    from PIL import Image

    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3]
    out = BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(out, format="png")
    return out.getvalue()
