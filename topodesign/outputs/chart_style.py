"""How every chart looks: one font, one color-blind safe palette, and files that are the same for the same plan."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito, "Color Universal Design", 2008: told apart with any common color vision.
BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILION = "#D55E00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
INK = "#1f2933"
FAINT = "#6b7785"
GRID = "#e3e7eb"

KIND_COLORS = {
    "clos": BLUE,
    "torus": ORANGE,
    "dragonfly": GREEN,
    "hyperx": PURPLE,
    "slimfly": SKY,
    "jellyfish": VERMILION,
    # Paul Tol, "Colour Schemes", 2021, muted: the kinds beside the six that the palette above has room for
    "reconfigurable-torus": "#999933",
    "hammingmesh": "#882255",
    "hypercube": "#44546a",
    "scale-up-clos": "#332288",
    "direct-blocks": "#44AA99",
    "dragonfly-plus": "#117733",
    "custom": "#7f7f7f",
}
OTHER_COLORS = ("#7f7f7f", "#999933", "#44546a", "#882255", "#332288")

STYLE: dict[Any, Any] = {  # matplotlib types its keys one by one
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "grid.color": GRID,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "text.parse_math": False,  # a name with two dollar signs is no formula
    "svg.fonttype": "path",
    "svg.hashsalt": "topodesign",
    "figure.autolayout": False,  # a figure's own layout, or none once it is placed
    "figure.constrained_layout.use": False,
}
PIXELS_PER_INCH = 150
EDGE_IN = 0.1
"""Beside axes: marks whose text grows in the final layout are not cut off."""


@contextmanager
def chart_style() -> Iterator[None]:
    """Matplotlib settings of this project while a figure is made; those of the caller come back after it."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        yield


def new_figure(width_in: float, height_in: float) -> "Figure":
    """An empty figure that belongs to no window system and no global list."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    figure = Figure(figsize=(width_in, height_in), layout=ConstrainedLayoutEngine(w_pad=EDGE_IN))
    FigureCanvasAgg(figure)
    return figure


def is_drawable(text: str) -> bool:
    """Whether the charts' font has every character of a text; it lacks, for one, those of Chinese."""
    from matplotlib.font_manager import findfont, get_font

    known = get_font(findfont(STYLE["font.family"])).get_charmap()
    return all(ord(character) in known for character in text)


def svg_bytes(figure: "Figure") -> bytes:
    """The figure as SVG without a date, byte for byte stable."""
    return _saved(figure, "svg", {"Date": None})


def png_bytes(figure: "Figure") -> bytes:
    """The figure as PNG without the writer's version, byte for byte stable."""
    return _saved(figure, "png", {"Software": None})


def _saved(figure: "Figure", kind: str, metadata: dict[str, None]) -> bytes:
    buffer = io.BytesIO()
    with chart_style():
        _place(figure)
        figure.savefig(buffer, format=kind, dpi=PIXELS_PER_INCH, metadata=metadata)
    return buffer.getvalue()


def _place(figure: "Figure") -> None:
    """Place what is in a figure once: a layout is half of the work of drawing, and was made twice for each file."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine(None)


def color_of(kind: str, number: int) -> str:
    """The color of a fabric kind: fixed for the known ones, else the next free one."""
    return KIND_COLORS.get(kind, OTHER_COLORS[number % len(OTHER_COLORS)])


def quiet_axes(axes: "Axes", *, grid_along: str) -> None:
    """Grid lines along the value axis only, no tick marks."""
    if grid_along == "x":
        axes.grid(axis="x")
    else:
        axes.grid(axis="y")
    axes.tick_params(length=0)


PREFIXES = (
    (1e15, "P"),
    (1e12, "T"),
    (1e9, "G"),
    (1e6, "M"),
    (1e3, "k"),
    (1.0, ""),
    (1e-3, "m"),
    (1e-6, "µ"),
    (1e-9, "n"),
)
SCALES_USD = ((1e12, "tn"), (1e9, "bn"), (1e6, "M"), (1e3, "k"))


def with_prefix(value: float, unit: str) -> str:
    """Three significant digits with an SI prefix: ``2.76 Pbit/s``."""
    size = abs(value)
    if size == 0:
        return f"0 {unit}"
    scale, prefix = next((pair for pair in PREFIXES if size >= pair[0] * 0.9995), PREFIXES[-1])
    return f"{three_digits(value / scale)} {prefix}{unit}"


def dollars(value: float) -> str:
    """Three significant digits: ``$1.10 bn``."""
    sign = "-" if value < 0 else ""
    size = abs(value)
    for scale, name in SCALES_USD:
        if size >= scale * 0.9995:
            return f"{sign}${three_digits(size / scale)} {name}"
    return f"{sign}${size:,.0f}"


def without_zeros(text: str) -> str:
    """``10 Gbit/s`` for ``10.0 Gbit/s``, as round values along an axis are written."""
    figure, space, unit = text.partition(" ")
    return f"{figure.rstrip('0').rstrip('.') if '.' in figure else figure}{space}{unit}"


def three_digits(value: float) -> str:
    """``2.76``, ``45.0``, ``1,250``: the digits that words and charts have; no more than two decimals."""
    size = abs(value)
    decimals = 0 if size >= 99.95 else 1 if size >= 9.995 else 2
    return f"{value:,.{decimals}f}"
