"""Scale-up domains and the Clos that joins them, as collectives see them.

Outside, all accelerators of a domain are busy at once, each with those that have its place in the other domains. The
places then are alike and share the uplinks of leaves and pods evenly. Where a leaf (a pod) holds whole groups of
consecutive domains, exchanges within such a group do not load its uplinks. Where it does not, everything is taken to
leave it, which errs on the slow side: each accelerator then has its part of the uplinks and no more.
"""

from topodesign.fabric.clos_layout import ClosLayout
from topodesign.fabric.collectives_shapes import GroupLevel, ScaleUpShape, SwitchedShape
from topodesign.fabric.scale_up_places import Places
from topodesign.fabric.topology import Counts


def scale_up_shape(places: Places) -> ScaleUpShape:
    """The shape of a fabric of one domain or more; rates in units of one Clos link."""
    inside = SwitchedShape(ranks=places.domain, rank_links=places.scale_up)
    if places.layout is None:
        alone = SwitchedShape(ranks=places.domains, rank_links=1.0)
        return ScaleUpShape(inside=inside, outside=alone, outside_links=0.0)
    planes = float(places.planes)
    rank_links, levels = planes, []
    for group_of, hosts, uplinks in _tiers(places, places.layout):
        share = uplinks / hosts  # of the uplinks, for each accelerator
        together = _domains_together(places, group_of)
        if together:
            levels.append(GroupLevel(ranks=together, uplinks=together * planes * share))
        else:
            rank_links = min(rank_links, planes * share)
    outside = SwitchedShape(ranks=places.domains, rank_links=rank_links, levels=tuple(levels))
    return ScaleUpShape(inside=inside, outside=outside, outside_links=planes)


def _tiers(places: Places, layout: ClosLayout) -> list[tuple[Counts, int, int]]:
    """Leaf and pod of every accelerator, with accelerators and uplinks (in one plane) of a full one."""
    found = []
    if layout.tiers > 1:
        found.append((places.leaf_of, layout.leaf_down, layout.leaf_up))
    if layout.tiers > 2 and layout.full_pods:
        found.append((places.pod_of, layout.pod_hosts, layout.pod_leaves * layout.leaf_up))
    return found


def _domains_together(places: Places, group_of: Counts) -> int:
    """Largest number of consecutive domains, counted from the first, of which each place has one leaf (or pod).

    A divisor of the domains of the first place's group; 0 where not even two are together everywhere.
    """
    by_domain = group_of.reshape(places.domains, places.domain)
    first = int((by_domain[:, 0] == by_domain[0, 0]).sum())
    for size in range(first, 1, -1):
        if first % size == 0 and _are_together(by_domain, size):
            return size
    return 0


def _are_together(by_domain: Counts, size: int) -> bool:
    heads = by_domain[: len(by_domain) // size * size : size].repeat(size, axis=0)
    rest = by_domain[len(heads) :]
    return bool((by_domain[: len(heads)] == heads).all() and (rest == rest[:1]).all())
