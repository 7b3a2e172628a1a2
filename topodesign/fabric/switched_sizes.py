"""Switched fabrics with exactly so many accelerators, and the nearest sizes where a family has not that one.

``fat-tree``: k^3/4 for even k. ``dragonfly``: balanced, a = 2 p = 2 h, the least p of which some number of groups
fits. ``dragonfly-plus``: p leaves, p spines and p accelerators per leaf in a group, h = p; likewise. ``direct-blocks``:
blocks of 16 leaves of 16 with as many uplinks. ``slimfly``: 2 q^2 p with p = half of the degree. ``jellyfish``: 16
accelerators and 48 network ports per switch (or the greatest divisor below 16, with three network ports for each).
``scale-up-clos``: whole domains of 72, or of 8 where 72 does not divide the number.
"""

from collections.abc import Callable, Iterator

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import MAX_ACCELERATORS, Clos
from topodesign.domain.fabric_switched import (
    DirectBlocks,
    Dragonfly,
    DragonflyPlus,
    Jellyfish,
    ScaleUpClos,
    SlimFly,
    SwitchedSpec,
    prime_power,
)

DOMAINS = (72, 8)
"""Accelerators of a scale-up domain: NVL72 racks, else servers of 8."""
BLOCK_LEAVES = BLOCK_PORTS = 16
JELLYFISH_SERVERS = 16
"""Most accelerators of a switch; 48 of its 64 ports are left to the network."""


def fat_tree(radix: int, *, link_gbps: float = 400.0) -> Clos:
    """The k-ary fat tree: three full tiers of switches with k ports, k^3/4 accelerators."""
    return Clos(accelerators=max(1, radix**3 // 4), radix=radix, tiers=3, link_gbps=link_gbps)


def _fat_tree(accelerators: int, link_gbps: float) -> Clos:
    sizes = {radix**3 // 4: radix for radix in range(2, 344, 2)}
    _require(accelerators, sizes, "fat-tree", remedy="or use clos, which has any size")
    return fat_tree(sizes[accelerators], link_gbps=link_gbps)


def _dragonfly(accelerators: int, link_gbps: float) -> Dragonfly:
    p, groups = _grouped(accelerators, "dragonfly", hosts=lambda p: 2 * p * p, most=lambda p: 2 * p * p + 1)
    return Dragonfly(p=p, a=2 * p, h=p, groups=groups, link_gbps=link_gbps)


def _dragonfly_plus(accelerators: int, link_gbps: float) -> DragonflyPlus:
    p, groups = _grouped(accelerators, "dragonfly-plus", hosts=lambda p: p * p, most=lambda p: p * p + 1)
    return DragonflyPlus(p=p, leaves=p, spines=p, h=p, groups=groups, link_gbps=link_gbps)


def _direct_blocks(accelerators: int, link_gbps: float) -> DirectBlocks:
    block = BLOCK_LEAVES * BLOCK_PORTS
    sizes = {blocks * block: blocks for blocks in range(2, 129)}
    _require(accelerators, sizes, "direct-blocks")
    return DirectBlocks(
        blocks=sizes[accelerators],
        p=BLOCK_PORTS,
        leaves=BLOCK_LEAVES,
        aggregations=BLOCK_PORTS,
        h=BLOCK_PORTS,
        link_gbps=link_gbps,
    )


def _slim_fly(accelerators: int, link_gbps: float) -> SlimFly:
    specs = (SlimFly(q=q, link_gbps=link_gbps) for q in range(3, 58) if prime_power(q))
    by_size = {2 * spec.q**2 * spec.hosts_per_router: spec for spec in specs}
    _require(accelerators, by_size, "slimfly")
    return by_size[accelerators]


def _jellyfish(accelerators: int, link_gbps: float) -> Jellyfish:
    servers = max(part for part in range(1, JELLYFISH_SERVERS + 1) if accelerators % part == 0)
    switches = accelerators // servers
    return Jellyfish(
        switches=switches, network_ports=min(3 * servers, switches - 1), server_ports=servers, link_gbps=link_gbps
    )


def _scale_up(accelerators: int, link_gbps: float) -> ScaleUpClos:
    domain = next((size for size in DOMAINS if accelerators % size == 0), None)
    if domain is None:
        step = DOMAINS[-1]
        below = accelerators // step * step
        raise _impossible(accelerators, "scale-up-clos", [size for size in (below, below + step) if size])
    radix = 64
    while radix**3 // 4 < accelerators:
        radix *= 2
    return ScaleUpClos(accelerators=accelerators, domain=domain, radix=radix, link_gbps=link_gbps)


def _grouped(
    accelerators: int, kind: str, *, hosts: Callable[[int], int], most: Callable[[int], int]
) -> tuple[int, int]:
    """Least p of which 2 to ``most(p)`` groups of ``hosts(p)`` accelerators make the number; p and groups."""
    for p in _group_sizes(hosts):
        groups, rest = divmod(accelerators, hosts(p))
        if rest == 0 and 2 <= groups <= most(p):
            return p, groups
    near: set[int] = set()
    for p in _group_sizes(hosts):
        groups = min(max(2, accelerators // hosts(p)), most(p))
        near.update(number * hosts(p) for number in (groups, min(groups + 1, most(p))))
    raise _impossible(accelerators, kind, _nearest(accelerators, near))


def _group_sizes(hosts: Callable[[int], int]) -> Iterator[int]:
    p = 1
    while 2 * hosts(p) <= MAX_ACCELERATORS:
        yield p
        p += 1


def _require(accelerators: int, sizes: dict[int, int] | dict[int, SlimFly], kind: str, *, remedy: str = "") -> None:
    if accelerators not in sizes:
        raise _impossible(accelerators, kind, _nearest(accelerators, set(sizes)), remedy=remedy)


def _nearest(accelerators: int, sizes: set[int]) -> list[int]:
    """The nearest sizes below and above."""
    below = [size for size in sizes if size < accelerators]
    above = [size for size in sizes if size > accelerators]
    return ([max(below)] if below else []) + ([min(above)] if above else [])


def _impossible(accelerators: int, kind: str, nearest: list[int], *, remedy: str = "") -> InvalidInput:
    sizes = " or ".join(str(size) for size in nearest)
    return InvalidInput(
        f"accelerators is {accelerators}, but no {kind} of the usual proportions has so many; "
        f"use {sizes}{' ' + remedy if remedy else ''}",
        reason="FABRIC_SIZE_IMPOSSIBLE",
        field_path="accelerators",
        metadata={"value": str(accelerators), "kind": kind, "nearest": ",".join(str(size) for size in nearest)},
    )


SWITCHED_MAKERS: dict[str, Callable[[int, float], SwitchedSpec | Clos]] = {
    "direct-blocks": _direct_blocks,
    "dragonfly": _dragonfly,
    "dragonfly-plus": _dragonfly_plus,
    "fat-tree": _fat_tree,
    "jellyfish": _jellyfish,
    "scale-up-clos": _scale_up,
    "slimfly": _slim_fly,
}
