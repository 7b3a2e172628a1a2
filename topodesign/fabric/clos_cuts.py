"""Bisection and uniform all-to-all of one plane of a folded Clos, in links and for unit links.

Above the leaves the tiers do not taper here; pods of a chosen shape are in :mod:`topodesign.fabric.clos_shaped`. Where
every leaf (pod) has the same number of links to each spine (core), fluid routing in proportion to them carries any
demand that no leaf exceeds; the cut between two sets of leaves is then the smaller of their uplinks. That is possible
when the ports of a spine divide well enough among the leaves (:func:`spine_share`). Otherwise the same cut is only an
upper bound, and the lower bound counts the part of the links that is spread evenly; a last pod of fewer, full leaves is
treated in :mod:`topodesign.fabric.clos_pods`.
"""

import math

import numpy as np

from topodesign.fabric.clos_layout import ClosLayout, spread
from topodesign.fabric.clos_pods import carries_uniform_traffic, core_profile, proven_profile_cut
from topodesign.fabric.clos_shaped import shaped_bisection, shaped_pods
from topodesign.fabric.topology import CutLinks, PairRate

EXACT_METHOD = "leaf-aligned cut, met by fluid routing over evenly spread uplinks"
BOUND_METHOD = "leaf-aligned cut; lower bound by the links that are spread evenly"
_ROUNDING = 1e-9
"""Share of a value that floating point may be off; far below one link in ten million."""


def are_shares_even(links: int, members: int, switches: int, ports: int) -> bool:
    """Whether ``members`` with ``links`` each can all be wired alike to ``switches`` with ``ports`` each."""
    return switches * (ports // max(1, members)) >= links


def spine_share(links: int, members: int, switches: int, ports: int) -> int:
    """Links of each member that lie in an evenly wired part: all of them, or floor(links / switches) to each switch."""
    if are_shares_even(links, members, switches, ports):
        return links
    return switches * (links // switches)


def clos_bisection(layout: ClosLayout) -> CutLinks:
    """Bisection width of one plane; see the module for when it is exact."""
    if layout.shape is not None:
        return shaped_bisection(layout, layout.shape)
    half = layout.accelerators // 2
    last = (layout.last_hosts, layout.last_uplinks)
    upper = least_leaf_cut(layout.full_leaves, layout.leaf_down, layout.leaf_up, last=last, side=(half, half))
    lower = math.ceil(_proven_cut(layout, half, last) * (1 - _ROUNDING))
    method = EXACT_METHOD if lower == upper else BOUND_METHOD
    return CutLinks(lower=float(lower), upper=float(upper), method=method)


def least_leaf_cut(
    full_leaves: int, leaf_hosts: int, leaf_up: float, *, last: tuple[int, int], side: tuple[int, int]
) -> float:
    """Least cut over all ways to put whole leaves on two sides, when uplinks above them carry any demand.

    A side with ``side`` accelerators (a range) and leaves that hold another number cuts the difference in host links;
    the uplinks of the side with fewer of them are cut. ``last`` is hosts and uplinks of the last leaf (0, 0: none).
    """
    chosen = np.arange(full_leaves + 1)
    least = math.inf
    for last_is_inside in (False, True):
        held = chosen * leaf_hosts + (last[0] if last_is_inside else 0)
        misplaced = np.maximum(0, np.maximum(side[0] - held, held - side[1]))
        inside = chosen * leaf_up + (last[1] if last_is_inside else 0)
        outside = (full_leaves - chosen) * leaf_up + (0 if last_is_inside else last[1])
        least = min(least, float((misplaced + np.minimum(inside, outside)).min()))
    return least


def _proven_cut(layout: ClosLayout, half: int, last: tuple[int, int]) -> float:
    if layout.tiers == 1:
        return least_leaf_cut(layout.full_leaves, layout.leaf_down, 0, last=last, side=(half, half))
    if layout.tiers == 2 or layout.full_pods == 0:
        share = _second_tier_share(layout)
        kept_last = (last[0], min(last[1], share))
        return least_leaf_cut(layout.full_leaves, layout.leaf_down, share, last=kept_last, side=(half, half))
    profile = core_profile(layout)
    if profile is not None:
        return proven_profile_cut(layout, profile, half)
    return max(_cut_of_full_pods(layout, half), _cut_of_completed_pod(layout, half))


def _second_tier_share(layout: ClosLayout) -> int:
    ports = layout.upper_radix if layout.tiers == 2 else layout.radix // 2
    return spine_share(layout.leaf_up, layout.leaves, layout.aggregations, ports)


def _pod_share(layout: ClosLayout) -> int:
    pod_up = layout.pod_leaves * layout.leaf_up
    if layout.pods == 1:
        return pod_up
    return spine_share(pod_up, layout.pods, layout.cores, layout.radix)


def _cut_of_full_pods(layout: ClosLayout, half: int) -> float:
    """The cut that the full pods alone need; a partly filled pod may hold any of one side's accelerators."""
    leaves = layout.full_pods * layout.pod_leaves
    share = _pod_share(layout) / layout.pod_leaves
    side = (max(0, half - layout.last_pod_hosts), half)
    return least_leaf_cut(leaves, layout.leaf_down, share, last=(0, 0), side=side)


def _cut_of_completed_pod(layout: ClosLayout, half: int) -> float:
    """The cut of the fabric with its last pod completed, less all links that it adds (2 for each uplink).

    Only where :func:`has_completable_pod`, so that the fabric is a part of the completed one.
    """
    if not has_completable_pod(layout):
        return 0.0
    added = layout.pod_leaves * layout.leaf_up - layout.last_pod_uplinks
    leaves = layout.pods * layout.pod_leaves
    share = _pod_share(layout) / layout.pod_leaves
    side = (half, half + layout.pod_hosts - layout.last_pod_hosts)
    return max(0.0, least_leaf_cut(leaves, layout.leaf_down, share, last=(0, 0), side=side) - 2 * added)


def has_completable_pod(layout: ClosLayout) -> bool:
    """Whether the last pod is partly filled, has all its aggregation switches, and the cores can complete it."""
    pod_up = layout.pod_leaves * layout.leaf_up
    is_nearly_full = layout.last_pod_hosts > 0 and pod_up - layout.last_pod_uplinks < layout.pod_leaves
    return is_nearly_full and layout.cores * layout.radix >= layout.pods * pod_up


def carries_any_demand(layout: ClosLayout) -> bool:
    """Whether fluid routing carries every demand that neither a host, a leaf nor a pod exceeds: evenly wired tiers."""
    if layout.tiers == 1 or layout.shape is not None:
        return True
    if layout.last_hosts or _second_tier_share(layout) < layout.leaf_up:
        return False
    if layout.tiers == 2 or layout.full_pods == 0:
        return True
    return layout.last_pod_hosts == 0 and _pod_share(layout) == layout.pod_leaves * layout.leaf_up


def proven_share(layout: ClosLayout) -> float:
    """Links per accelerator, at most 1, that every cut of one or two tiers has for the side with fewer of them."""
    if layout.tiers == 1:
        return 1.0
    share = _second_tier_share(layout)
    shares = [1.0]
    if layout.full_leaves:
        shares.append(share / layout.leaf_down)
    if layout.last_hosts:
        shares.append(min(layout.last_uplinks, share) / layout.last_hosts)
    return min(shares)


def clos_alltoall(layout: ClosLayout) -> PairRate:
    """Uniform all-to-all of one plane: the least capacity per crossing pair over host links, leaf and pod uplinks.

    Exact where explicit routing reaches it, else an upper bound.
    """
    count = layout.accelerators
    if count == 1:
        return PairRate(rate=0.0, method="no pairs", exact=True)
    groups = [(1, 1)]
    if layout.tiers > 1:
        groups += [(layout.leaf_down, layout.leaf_up)] * bool(layout.full_leaves)
        groups += [(layout.last_hosts, layout.last_uplinks)]
    if layout.shape is not None:
        groups += shaped_pods(layout, layout.shape)
    elif layout.tiers == 3:
        groups += [(layout.pod_hosts, layout.pod_leaves * layout.leaf_up)] * bool(layout.full_pods)
        groups += [(layout.last_pod_hosts, layout.last_pod_uplinks)]
    rate = min(links / (hosts * (count - hosts)) for hosts, links in groups if 0 < hosts < count)
    # shaped pods are wired evenly at every tier, so that fluid routing carries what no cut of the groups forbids
    routed = rate if layout.shape is not None else min(rate, _routed_rate(layout))
    exact = routed >= rate * (1 - _ROUNDING)
    what = "least of host, leaf and pod cuts"
    method = f"{what}, met by fluid routing" if exact else f"{what}, an upper bound: uplinks cannot be spread evenly"
    return PairRate(rate=rate, method=method, exact=exact, lower=routed)


def _routed_rate(layout: ClosLayout) -> float:
    """A rate that explicit routing in proportion to the links reaches; 0 where none is worked out."""
    count, down = layout.accelerators, layout.leaf_down
    hosts_rate = 1 / (count - 1)
    if layout.leaves == 1:
        return hosts_rate
    if layout.tiers == 2 or layout.full_pods == 0:
        return min(hosts_rate, _two_tier_rate(layout))
    pod, last_pod = layout.pod_hosts, layout.last_pod_hosts
    profile = core_profile(layout)
    if profile is not None and carries_uniform_traffic(layout, profile):
        pod_up = layout.pod_leaves * layout.leaf_up
        leaf_rate = layout.leaf_up / (down * (count - down))
        last_rate = layout.last_pod_uplinks / (last_pod * (count - last_pod))
        return min(hosts_rate, leaf_rate, pod_up / (pod * (count - pod)), last_rate)
    if last_pod:
        return 0.0
    share = _pod_share(layout)
    rates = [hosts_rate, share / layout.pod_leaves / (down * (count - down))]
    if layout.pods > 1:
        rates.append(share / (pod * (count - pod)))
    return min(rates)


def _two_tier_rate(layout: ClosLayout) -> float:
    """Flows between full leaves go in proportion to a full leaf's links, those of the last leaf to the last leaf's."""
    count, down, hosts = layout.accelerators, layout.leaf_down, layout.last_hosts
    switches = layout.aggregations
    share = _second_tier_share(layout)
    full = np.array(spread(share, switches, start=0), dtype=float)
    last_links = min(layout.last_uplinks, share)
    last = np.array(spread(last_links, switches, start=0), dtype=float)
    load = down * (count - down - hosts) * full / share
    least = math.inf
    if hosts:
        load = load + down * hosts * last / last_links
        least = last_links / (hosts * (count - hosts))
    used = load > 0
    return min(least, float((full[used] / load[used]).min()))
