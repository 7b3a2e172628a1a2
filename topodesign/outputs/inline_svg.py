"""Charts inside a page: ids of their own, and colors that follow the page's light or dark ground."""

import re
from html import escape

from topodesign.outputs import chart_style, map_colors

COLOR_NAMES: dict[str, str] = {
    "#ffffff": "paper",
    chart_style.INK: "ink",
    chart_style.FAINT: "faint",
    chart_style.GRID: "grid",
    chart_style.BLUE: "blue",
    chart_style.ORANGE: "orange",
    chart_style.GREEN: "green",
    chart_style.VERMILION: "vermilion",
    chart_style.PURPLE: "purple",
    chart_style.SKY: "sky",
    map_colors.LINK: "link",
    "#999933": "olive",
    "#882255": "wine",
    "#44546a": "slate",
    "#332288": "indigo",
    "#44AA99": "teal",
    "#117733": "forest",
    "#7f7f7f": "gray",
}
"""Colors of the charts' style that the page's style sheet has a custom property for, ``--chart-NAME``."""


def inline_chart(svg: bytes, description: str, *, prefix: str) -> str:
    """A chart as part of a page: no XML prologue, ids of its own, a description for those who cannot see it.

    Each color of the style stands as ``var(--chart-NAME, #rrggbb)``: a page that does not set the property shows the
    chart as it is in its file.

    Parameters
    ----------
    svg : bytes
        Of :func:`~topodesign.outputs.chart_style.svg_bytes`.
    description : str
    prefix : str
        What ids begin with; unlike that of any other chart in the page.
    """
    text = svg.decode()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = (
        text.replace('id="', f'id="{prefix}-')
        .replace("url(#", f"url(#{prefix}-")
        .replace('href="#', f'href="#{prefix}-')
    )
    for color, name in COLOR_NAMES.items():
        text = text.replace(f": {color.lower()}", f": var(--chart-{name}, {color.lower()})")
    text = text.replace("<svg ", f'<svg role="img" aria-label="{escape(description)}" ', 1)
    return f'<div class="chart">{text}</div>'
