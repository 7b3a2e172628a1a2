"""What a training request gives site by site: one figure for each site, in range, and given once."""

from collections.abc import Sequence

from topodesign.domain.checks import require, require_number
from topodesign.domain.ranges import MOST_GBPS, MOST_SECONDS

MOST_RTT_MS = 1e6


def require_site_links(*, sites: int, gbps: Sequence[float], rtt_ms: Sequence[float], every_rtt_ms: float) -> None:
    """Raise :class:`InvalidInput` unless bandwidths and round trips are there for every site, or for none.

    Parameters
    ----------
    sites : int
    gbps, rtt_ms : sequence of float
        Of each site; may be empty.
    every_rtt_ms : float
        The round trip that is given for all of them; 0 where that of each is.
    """
    for name, values in (("site_gbps", gbps), ("site_rtt_ms", rtt_ms)):
        _require_one_for_each(values, name, sites)
    for value in gbps:
        require_number(value, field="site_gbps", above=0, at_most=MOST_GBPS, remedy="give Gbit/s of each site, one way")
    for value in rtt_ms:
        require_number(value, field="site_rtt_ms", at_least=0, at_most=MOST_RTT_MS)
    require(
        not (rtt_ms and every_rtt_ms),
        field="rtt_ms",
        value=every_rtt_ms,
        limit="0 where site_rtt_ms is given",
        remedy="give either the round trip of all sites or that of each",
    )


def slowest_step_s(values: Sequence[float], *, sites: int) -> float:
    """The longest of the sites' steps.

    Raises
    ------
    InvalidInput
        Unless there is one above 0 for every site.
    """
    _require_one_for_each(values, "site_step_s", sites)
    for value in values:
        require_number(value, field="site_step_s", above=0, at_most=MOST_SECONDS)
    return max(values)


def require_site_steps(values: Sequence[float], *, sites: int, slowest_s: float, method: str) -> None:
    """Raise :class:`InvalidInput` unless there is a step time for every site, or for none.

    ``slowest_s`` is the request's step time, which must be that of the slowest site.
    """
    if not values:
        return
    slowest = slowest_step_s(values, sites=sites)
    require(
        slowest_s == slowest,
        field="step_s",
        value=slowest_s,
        limit=f"the largest of site_step_s, {slowest:g}",
        remedy="leave it out, or give the slowest site's",
    )
    require(
        method != "pipeline",
        field="site_step_s",
        value=list(values),
        limit="left out for a pipeline",
        remedy="its stages take equal time: give step_s",
    )


def _require_one_for_each(values: Sequence[float], name: str, sites: int) -> None:
    require(
        isinstance(values, (tuple, list)),
        field=name,
        value=values,
        limit="a tuple of numbers",
        remedy="give one figure for each site",
    )
    require(
        len(values) in (0, sites),
        field=name,
        value=len(values),
        limit=f"as many as sites, {sites}",
        remedy="give one figure for each site",
    )
