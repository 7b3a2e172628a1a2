"""Links: the lightpaths summed by pair of sites and mode, with the figures that a plan states of them."""

import math
from collections.abc import Iterator, Sequence

from topodesign.domain.plan import Link, Violation
from topodesign.verify import reach
from topodesign.verify.evidence import Evidence, Route
from topodesign.verify.fiber import span_count, width_ghz
from topodesign.verify.finding import disagrees, found
from topodesign.verify.spectrum import pairs_taken
from topodesign.verify.tolerance import REACH_DB, STATED, agrees

RULES = ("links",)

FIGURES = (
    ("lightpaths", "lightpaths", STATED),
    ("capacity_gbps", "Gbit/s", STATED),
    ("length_km", "km", STATED),
    ("gsnr_db", "dB", REACH_DB),
    ("margin_db", "dB", REACH_DB),
    ("spectrum_ghz", "GHz", STATED),
    ("pairs", "pairs", STATED),
    ("amplifiers", "amplifiers", STATED),
)
"""Figures of a link, their unit, and how closely they must agree."""
OPTIONAL = frozenset({"gsnr_db", "margin_db", "spectrum_ghz", "pairs", "amplifiers"})
"""Figures that a plan need not state."""


def check_links(evidence: Evidence) -> Iterator[Violation]:
    """Links must be the lightpaths summed by pair of sites and mode."""
    own = links_of(evidence)
    stated: dict[tuple[str, str, str], Link] = {}
    for link in evidence.plan.links:
        a, z = sorted((link.a, link.z))
        thing = f"{a}-{z} {link.mode}"
        if (a, z, link.mode) in stated:
            yield found("links", thing, "the link is listed twice", value=2, limit=1, remedy="list each link once")
        elif (a, z, link.mode) not in own:
            yield found("links", thing, "no lightpath makes up this link", value=link.lightpaths, remedy="drop it")
        stated[a, z, link.mode] = link
    for key, link in own.items():
        thing = f"{key[0]}-{key[1]} {key[2]}"
        if key not in stated:
            yield found(
                "links",
                thing,
                f"{link.lightpaths} lightpaths run here, but links does not list them",
                value=None,
                limit=link.lightpaths,
                unit="lightpaths",
                remedy="list the link",
            )
            continue
        for figure, unit, absolute in FIGURES:
            value, limit = getattr(stated[key], figure), getattr(link, figure)
            if value is None and figure in OPTIONAL:
                continue
            if limit is None or not agrees(value, limit, absolute=absolute):
                yield disagrees("links", thing, figure, value, math.nan if limit is None else limit, unit)


def links_of(evidence: Evidence) -> dict[tuple[str, str, str], Link]:
    """Links by ends (sorted) and mode, summed from lightpaths; pairs and amplifiers where slots are stated."""
    grouped: dict[tuple[str, str, str], list[Route]] = {}
    for route in evidence.routes:
        a, z = sorted((route.stated.a, route.stated.z))
        grouped.setdefault((a, z, route.mode.id), []).append(route)
    return {key: _link(evidence, key, routes) for key, routes in grouped.items()}


def _link(evidence: Evidence, key: tuple[str, str, str], routes: Sequence[Route]) -> Link:
    (a, z, mode), first = key, routes[0].mode
    count = sum(route.stated.count for route in routes)
    own = [reach.figures(evidence, route) for route in routes]
    pairs = {taken for route in routes for taken in pairs_taken(route)}
    segments = evidence.scenario.segment_by_id
    span_km = evidence.scenario.optics.span_km
    return Link(
        a=a,
        z=z,
        mode=mode,
        lightpaths=count,
        capacity_gbps=count * first.rate_gbps,
        length_km=max(route.length_km for route in routes),
        gsnr_db=min(figures.gsnr_db for figures in own),
        margin_db=min(figures.margin_db for figures in own),
        spectrum_ghz=count * width_ghz(first, evidence.scenario.optics),
        pairs=sum(a in (segments[e].a, segments[e].b) for e, _ in pairs) if pairs else None,
        amplifiers=sum(span_count(segments[e].length_km, span_km) - 1 for e, _ in pairs) if pairs else None,
    )
