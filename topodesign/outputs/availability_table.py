"""The report's table of availability, pair by pair, and what it rests on in words."""

from html import escape

from topodesign.domain.availability import PlanAvailability, Uptime, UptimeRange
from topodesign.outputs.report_tables import bullet_list, table

HEADER = (
    "From",
    "To",
    "Without protection",
    "Down, min/year",
    "Down by cuts alone, min/year",
    "Protected, down by cuts alone, min/year",
    "Protected, down at most, min/year",
)


def availability_section(found: PlanAvailability) -> str:
    """Pairs of sites, the whole plan, and the figures and assumptions behind."""
    return (
        f'<p class="note">{escape(_summary(found))}</p>{_pair_table(found)}'
        f"<h3>What this rests on</h3>{bullet_list(found.basis)}"
    )


def _summary(found: PlanAvailability) -> str:
    cuts = {0: "no conduit is", 1: "at most one conduit is", 2: "at most two conduits are"}[found.guaranteed_cuts]
    most = found.all_connected.most_downtime_min_per_year
    return (
        f"All sites reach each other but for {_minutes_of(found.all_connected_cuts_only)} minutes of an average year "
        f"when only cable cuts are counted, and but for {most:,.1f} minutes at most with equipment. "
        f"All but {found.guaranteed.downtime_min_per_year:,.1f} minutes {cuts} cut at once, and the failure policy "
        "guarantees the bandwidth between sites. Without protection: the best lightpath or chain of lightpaths alone."
    )


def _pair_table(found: PlanAvailability) -> str:
    rows = [
        (
            pair.a,
            pair.z,
            _share(pair.unprotected),
            f"{pair.unprotected.downtime_min_per_year:,.1f}",
            f"{pair.unprotected_cuts_only.downtime_min_per_year:,.1f}",
            _minutes_of(pair.protected_cuts_only),
            f"{pair.protected.most_downtime_min_per_year:,.1f}",
        )
        for pair in sorted(found.pairs, key=lambda item: (-item.protected.most_downtime_min_per_year, item.a, item.z))
    ]
    return table(HEADER, rows, numbers=(2, 3, 4, 5, 6))


def _share(uptime: Uptime) -> str:
    return f"{uptime.availability:.4%}"


def _minutes_of(span: UptimeRange) -> str:
    """One figure where both ends read alike, else both."""
    least, most = (f"{value:,.3f}" for value in (span.least_downtime_min_per_year, span.most_downtime_min_per_year))
    return least if least == most else f"{least} to {most}"
