"""Shortest paths between accelerators of scale-up domains that a Clos joins."""

import numpy as np

from topodesign.fabric.clos_layout import ClosLayout
from topodesign.fabric.scale_up_places import Places, square_sums
from topodesign.fabric.topology import PathClasses, no_paths

Row = tuple[int, int, int, float]
"""Ordered pairs, hops, packet switches, metres."""


def scale_up_paths(places: Places, *, lengths_m: tuple[float, float, float, float]) -> PathClasses:
    """Distribution of paths: on scale-up links inside a domain, through the Clos between domains.

    Between rails of a rail-only fabric an accelerator of either domain forwards: two links more.

    Parameters
    ----------
    places : Places
    lengths_m : tuple of 4 floats
        Cables inside a domain, to the leaf, to the second tier, to the core, metres.
    """
    if places.accelerators == 1:
        return no_paths()
    inside_m = lengths_m[0]
    rows = [(places.accelerators * (places.domain - 1), 2, 1, 2 * inside_m)]
    if places.layout is not None:
        find = _rail_only_rows if places.mode == "only" else _clos_rows
        rows += find(places, places.layout, lengths_m)
    taken = [row for row in rows if row[0]]
    pairs, hops, switches = (np.array([row[column] for row in taken], dtype=np.int64) for column in range(3))
    # forwarding: an accelerator drives every link that leaves it but the first
    return PathClasses(
        pairs=pairs,
        hops=hops,
        switches=switches,
        direct_hops=hops - switches - 1,
        metres=np.array([row[3] for row in taken]),
    )


def _clos_rows(places: Places, _: ClosLayout, lengths_m: tuple[float, float, float, float]) -> list[Row]:
    count, domain = places.accelerators, places.domain_of
    hosts_m, leaves_m, cores_m = (2 * length for length in lengths_m[1:])
    leaf, leaf_shared = square_sums(places.leaf_of, domain)
    pod, pod_shared = square_sums(places.pod_of, domain)
    in_leaf, in_pod = leaf - leaf_shared, pod - pod_shared
    in_all = count * (count - places.domain)
    return [
        (in_leaf, 2, 1, hosts_m),
        (in_pod - in_leaf, 4, 3, hosts_m + leaves_m),
        (in_all - in_pod, 6, 5, hosts_m + leaves_m + cores_m),
    ]


def _rail_only_rows(places: Places, layout: ClosLayout, lengths_m: tuple[float, float, float, float]) -> list[Row]:
    """All rails are wired alike: pairs of places in one rail stand for the pairs of rails."""
    inside_m, hosts_m, leaves_m, _ = (2 * length for length in lengths_m)
    size, share = layout.accelerators, places.domain // places.rails
    index = np.arange(size, dtype=np.int64)
    leaf, domain = index // layout.leaf_down, index // share
    total, shared = square_sums(leaf, domain)
    near = total - shared
    far = size * (size - share) - near
    # places on a leaf that the sender's domain touches, or in a domain that touches the sender's leaf: two ranges of
    # places which both hold the sender's domain
    first_leaf, last_leaf = domain * share // layout.leaf_down, ((domain + 1) * share - 1) // layout.leaf_down
    leaf_start, leaf_end = leaf * layout.leaf_down, np.minimum(size, (leaf + 1) * layout.leaf_down)
    start = np.minimum(first_leaf * layout.leaf_down, leaf_start // share * share)
    end = np.maximum(np.minimum(size, (last_leaf + 1) * layout.leaf_down), -(-leaf_end // share) * share)
    touching = int((end - start - share).sum())
    rails = places.rails
    other = rails * (rails - 1)
    return [
        (rails * near, 2, 1, hosts_m),
        (rails * far, 4, 3, hosts_m + leaves_m),
        (other * touching, 4, 2, inside_m + hosts_m),
        (other * (size * (size - share) - touching), 6, 4, inside_m + hosts_m + leaves_m),
    ]
