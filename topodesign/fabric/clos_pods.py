"""Three tiers whose last pod has fewer leaves than the others, all of them full: how its uplinks meet the cores.

All full pods are wired alike to the cores, c_k links to core k, the last pod with c'_k links. Proportional c' would
make every cut and every rate that of evenly spread uplinks; whole links cannot always be proportional, and ports may
run out.
"""

from dataclasses import dataclass

import numpy as np

from topodesign.fabric.clos_layout import ClosLayout, spread
from topodesign.fabric.topology import Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreProfile:
    """Links of each full pod and of the last pod to every core."""

    full: Counts
    last: Counts


def core_profile(layout: ClosLayout) -> CoreProfile | None:
    """The profile of :class:`CoreProfile`, the last pod's links as proportional as ports allow.

    ``None`` when there is no such last pod, when its leaves cannot be wired alike inside the pod, or when no profile
    fits the ports of the cores.
    """
    if layout.tiers != 3 or layout.full_pods == 0 or layout.last_hosts or not layout.last_pod_hosts:
        return None
    half, last_leaves = layout.radix // 2, layout.leaves - layout.full_pods * layout.pod_leaves
    last_aggregations = -(-layout.last_pod_uplinks // half)
    if last_aggregations * (half // last_leaves) < layout.leaf_up:
        return None
    full = np.array(spread(half * layout.leaf_up, layout.cores, start=0), dtype=np.int64)
    room = np.minimum(full, layout.radix - layout.full_pods * full)
    if room.min() < 0 or room.sum() < layout.last_pod_uplinks:
        return None
    last = np.minimum(room, full * layout.last_pod_uplinks // int(full.sum()))
    missing = layout.last_pod_uplinks - int(last.sum())
    while missing:
        open_cores = np.flatnonzero(last < room)
        fairest = np.argsort((last[open_cores] + 1) / full[open_cores], kind="stable")[:missing]
        last[open_cores[fairest]] += 1
        missing -= len(fairest)
    return CoreProfile(full=full, last=last)


def proven_profile_cut(layout: ClosLayout, profile: CoreProfile, half: int) -> float:
    """Proven lower bound of the bisection with this profile.

    With I leaves of full pods, y leaves of the last pod and a set A of cores on one side, every aggregation switch on
    its better side cuts min(x, all - x), concave in its links x to that side. The chord below it gives, summed over a
    pod, at least u [phi (leaves outside) + (1 - phi) (leaves inside)], phi the share of the pod's uplinks that lead
    to A. phi is the same for all full pods; phi' of the last pod differs where the profile is not proportional. Over
    all sets A the least is at a prefix of the cores in order of c'/c, ascending or descending.
    """
    leaves = layout.full_pods * layout.pod_leaves
    last_leaves = layout.leaves - leaves
    shares, last_shares = _prefix_shares(profile)
    inside = np.arange(leaves + 1)[:, None]
    last_inside = np.arange(last_leaves + 1)[None, :]
    least_links = np.full((leaves + 1, last_leaves + 1), np.inf)
    for share, last_share in zip(shares, last_shares, strict=True):
        links = inside + last_inside + share * (leaves - 2 * inside) + last_share * (last_leaves - 2 * last_inside)
        least_links = np.minimum(least_links, links)
    misplaced = np.abs((inside + last_inside) * layout.leaf_down - half)
    return float((misplaced + layout.leaf_up * least_links).min())


def _prefix_shares(profile: CoreProfile) -> tuple[list[float], list[float]]:
    """(phi, phi') of the prefixes that end where c'/c changes, in both orders."""
    ratio = profile.last / profile.full
    shares, last_shares = [0.0], [0.0]
    for sign in (1, -1):
        order = np.argsort(sign * ratio, kind="stable")
        ends = np.flatnonzero(np.append(np.diff(ratio[order]) != 0, True))
        shares += (np.cumsum(profile.full[order])[ends] / profile.full.sum()).tolist()
        last_shares += (np.cumsum(profile.last[order])[ends] / profile.last.sum()).tolist()
    return shares, last_shares


def carries_uniform_traffic(layout: ClosLayout, profile: CoreProfile) -> bool:
    """Whether a uniform all-to-all loads every core link of the full pods alike.

    Traffic with the last pod goes in proportion to c'. Traffic among full pods takes what is left of an equal load,
    c_k (N - n)/sum(c) - n' c'_k/sum(c'), which must not be negative; n and n' are accelerators of a full and of the
    last pod.
    """
    if layout.full_pods < 2:
        return False
    outside = layout.accelerators - layout.pod_hosts
    left = profile.full * outside / profile.full.sum() - layout.last_pod_hosts * profile.last / profile.last.sum()
    return bool(left.min() >= 0)
