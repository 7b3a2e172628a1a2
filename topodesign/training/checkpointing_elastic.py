"""Continue-without: the site that is hit leaves, the others train on with fewer replicas, and it comes back.

Site i is interrupted every M_i of its running time, waits W_i, and restarts for R; what it trained since its last
exchange with the others (a round of t seconds) is lost. On its own its goodput g_i is that of
:mod:`topodesign.training.checkpointing` with checkpoints that cost nothing, once a round: the others hold the state. It
leaves once in every (M_i + W_i) e^(R/M_i). If all stand still for r whenever a site leaves or comes back, and nothing
fails meanwhile, then with n_i accelerators at site i

    goodput = (sum of n_i g_i / sum of n_i) / (1 + 2 r sum of 1 / ((M_i + W_i) e^(R/M_i))).

A site of several replicas counts as that many sites. The mean needs no independence of sites. With r = 0 nobody waits
for another (DiLoCo); a synchronous job has a t of one step, and forms its groups anew in r.
"""

import math
from collections.abc import Sequence

from topodesign.domain.checks import require_number
from topodesign.domain.durations import HOURS_PER_YEAR, SECONDS_PER_HOUR
from topodesign.domain.errors import InvalidInput
from topodesign.domain.goodput import Checkpointing, ElasticGoodput, Goodput, JobSite, LinkCuts, Rejoining
from topodesign.training.checkpointing import goodput
from topodesign.training.interruptions import interruptions_per_h, mean_time_to_interrupt_h, mean_wait_s

PROTECTION_SWITCHING_S = 0.05
"""Optical protection switches within 50 ms (ITU-T G.841, G.873.1)."""


def elastic_goodput(
    sites: Sequence[JobSite], rejoining: Rejoining, *, pauses_per_h: float = 0.0, pause_s: float = 0.0
) -> ElasticGoodput:
    """Goodput of a job whose other sites go on when one is hit, over that of all sites at all times.

    Parameters
    ----------
    sites : sequence of JobSite
        At least one. Parts that hit several sites at once are listed with each of them.
    rejoining : Rejoining
        Seconds of a round, of a site's restart, and of forming the job anew (not counted where there is one site).
    pauses_per_h, pause_s : float
        How often all stand still for ``pause_s`` seconds without losing work (protection switching); at least 0.

    Raises
    ------
    InvalidInput
        Without sites (``NO_SITES``), or for a figure below 0.
    """
    require_sites(sites)
    by_site = {site.site_id: _alone(site, rejoining) for site in sites}
    total = math.fsum(site.accelerators for site in sites)
    mean = math.fsum(site.accelerators * by_site[site.site_id].useful for site in sites) / total
    standing = _standing_still(sites, rejoining) + _paused(pauses_per_h, pause_s)
    return ElasticGoodput(
        goodput=mean / (1 + standing),
        by_site=by_site,
        reforming=standing / (1 + standing),
        all_away=math.prod(_away(by_site[site.site_id]) ** site.replicas for site in sites),
    )


def link_cuts(
    sites: Sequence[JobSite],
    *,
    checkpointing: Checkpointing,
    rejoining: Rejoining,
    protection_s: float = PROTECTION_SWITCHING_S,
) -> LinkCuts:
    """What cuts alone cost, with protection switching and without it.

    Parameters
    ----------
    sites : sequence of JobSite
        Their parts are the cuts that cut each off from the others; ``wait_s`` is the time until light is back.
    checkpointing : Checkpointing
        Of a job that needs all sites, and that every cut without protection interrupts.
    rejoining : Rejoining
        Of a job that goes on without the site that is cut off.
    protection_s : float
        Seconds that all stand still when protection switches, at least 0.

    Raises
    ------
    InvalidInput
        Without sites (``NO_SITES``), or for a ``protection_s`` below 0.
    """
    require_sites(sites)
    parts = tuple(item for site in sites for item in site.parts)
    cuts_per_h = interruptions_per_h(parts)
    return LinkCuts(
        cuts_per_year=cuts_per_h * HOURS_PER_YEAR,
        protected=1 / (1 + _paused(cuts_per_h, protection_s)),
        restart=goodput(checkpointing, mean_time_to_interrupt_h(parts), wait_s=mean_wait_s(parts)),
        continue_without=elastic_goodput(sites, rejoining).goodput,
    )


def with_pauses(found: Goodput, *, pauses_per_h: float, pause_s: float) -> Goodput:
    """The same job with pauses that lose no work, counted as waiting: other shares shrink by 1 / (1 + rate x pause)."""
    paused = _paused(pauses_per_h, pause_s)
    return Goodput(
        mtti_h=found.mtti_h,
        interval_s=found.interval_s,
        useful=found.useful / (1 + paused),
        writing=found.writing / (1 + paused),
        rework=found.rework / (1 + paused),
        restart=found.restart / (1 + paused),
        waiting=(found.waiting + paused) / (1 + paused),
    )


def require_sites(sites: Sequence[JobSite]) -> None:
    """Raise :class:`InvalidInput` for a job without sites."""
    if not sites:
        raise InvalidInput(
            "the job has 0 sites, but it needs at least 1; place it at a site", reason="NO_SITES", field_path="sites"
        )


def _alone(site: JobSite, rejoining: Rejoining) -> Goodput:
    own = Checkpointing(write_s=0, restart_s=rejoining.restart_s, interval_s=rejoining.round_s)
    return goodput(own, mean_time_to_interrupt_h(site.parts), wait_s=mean_wait_s(site.parts))


def _standing_still(sites: Sequence[JobSite], rejoining: Rejoining) -> float:
    """Time that all stand still since sites leave and come back, over the time that they do not."""
    if sum(site.replicas for site in sites) < 2:
        return 0.0
    return 2 * rejoining.reform_s * math.fsum(site.replicas / _leaves_every_s(site, rejoining) for site in sites)


def _paused(pauses_per_h: float, pause_s: float) -> float:
    require_number(pauses_per_h, field="pauses_per_h", at_least=0)
    require_number(pause_s, field="pause_s", at_least=0)
    return pauses_per_h * pause_s / SECONDS_PER_HOUR


def _away(own: Goodput) -> float:
    return own.restart + own.waiting


def _leaves_every_s(site: JobSite, rejoining: Rejoining) -> float:
    """(M + W) e^(R/M): a cycle of training, wait, and restarts until one succeeds."""
    mtti_s = mean_time_to_interrupt_h(site.parts) * SECONDS_PER_HOUR
    if math.isinf(mtti_s):
        return math.inf
    exponent = rejoining.restart_s / mtti_s
    return (mtti_s + mean_wait_s(site.parts)) * math.exp(exponent) if exponent < 700 else math.inf
