"""Three tiers of a folded Clos whose pods have a chosen shape: taper, radix or size of the second tier.

Every leaf is wired alike to all aggregation switches of its pod, and aggregation switch k of every pod alike to the
cores of place k. Splitting traffic evenly over places and cores then loads all links of a leaf alike and all links of a
pod alike: any demand is carried that fits the tree of hosts, leaves and pods. The cut between two sets of accelerators
is therefore that of the tree.
"""

import math

import numpy as np

from topodesign.fabric.clos_layout import ClosLayout, PodShape
from topodesign.fabric.topology import Counts, CutLinks
from topodesign.fabric.trees import tree_cut

METHOD = "cut of the tree of leaves and pods, met by fluid routing over evenly wired tiers"
BOUND_METHOD = "cut of the tree of leaves and pods; lower bound by the least capacity per accelerator of a leaf or pod"


def shaped_pods(layout: ClosLayout, shape: PodShape) -> list[tuple[int, int]]:
    """(accelerators, uplinks) of a full pod and of the last pod."""
    full = (layout.pod_hosts, shape.aggregations * shape.uplinks)
    last = (layout.last_pod_hosts, shape.aggregations * shape.last_uplinks)
    return [full] * bool(layout.full_pods) + [last] * bool(layout.last_pod_hosts)


def shaped_bisection(layout: ClosLayout, shape: PodShape) -> CutLinks:
    """Bisection width of one plane.

    Let the cores be on side A. A pod with b accelerators on side B cuts its uplinks (when its switches are on B), or in
    every leaf at least the lesser of the accelerators on B and the leaf's uplinks. Both are at least b times the least
    capacity per accelerator of leaf and pod, and B has at least floor(N/2) accelerators.
    """
    groups = [(1, 1), (min(layout.leaf_down, layout.accelerators), layout.leaf_up), *shaped_pods(layout, shape)]
    share = min(links / hosts for hosts, links in groups)
    lower = math.ceil(share * (layout.accelerators // 2) * (1 - 1e-12))
    inside = np.arange(layout.accelerators) < layout.accelerators // 2
    upper = min(half_cut(layout, inside), half_cut(layout, inside[::-1]), layout.accelerators // 2)
    return CutLinks(lower=float(lower), upper=float(upper), method=METHOD if lower == upper else BOUND_METHOD)


def half_cut(layout: ClosLayout, is_inside: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> int:
    """Links of one plane between a set of accelerators (by their places) and the others, as in its tree."""
    leaf_of = np.arange(layout.accelerators, dtype=np.int64) // layout.leaf_down
    if layout.tiers == 1:
        inside = int(is_inside.sum())
        return min(inside, layout.accelerators - inside)
    leaf_up = np.full(layout.leaves, layout.leaf_up, dtype=np.int64)
    if layout.last_hosts:
        leaf_up[-1] = layout.last_uplinks
    pod_of = np.arange(layout.leaves, dtype=np.int64) // layout.pod_leaves
    return tree_cut(is_inside, [(leaf_of, leaf_up), (pod_of, _pod_uplinks(layout, leaf_up, pod_of))])


def _pod_uplinks(layout: ClosLayout, leaf_up: Counts, pod_of: Counts) -> Counts:
    if layout.shape is None:
        return np.bincount(pod_of, weights=leaf_up).astype(np.int64)
    return np.array([links for _, links in _every_pod(layout, layout.shape)], dtype=np.int64)


def _every_pod(layout: ClosLayout, shape: PodShape) -> list[tuple[int, int]]:
    full = (layout.pod_hosts, shape.aggregations * shape.uplinks)
    last = (layout.last_pod_hosts, shape.aggregations * shape.last_uplinks)
    return [full] * layout.full_pods + [last] * bool(layout.last_pod_hosts)


def shaped_links(layout: ClosLayout, shape: PodShape, first_leaf: int) -> dict[tuple[int, int], int]:
    """Links above the leaves: leaf to aggregation switch, aggregation switch to core."""
    links: dict[tuple[int, int], int] = {}
    first_aggregation = first_leaf + layout.leaves
    first_core = first_aggregation + layout.aggregations
    for leaf in range(layout.leaves):
        pod = leaf // shape.leaves
        for place in range(shape.aggregations):
            links[first_leaf + leaf, first_aggregation + pod * shape.aggregations + place] = shape.leaf_links
    for pod in range(layout.pods):
        each = (shape.uplinks if pod < layout.full_pods else shape.last_uplinks) // shape.cores
        for place in range(shape.aggregations):
            aggregation = first_aggregation + pod * shape.aggregations + place
            for core in range(shape.cores):
                links[aggregation, first_core + place * shape.cores + core] = each
    return links
