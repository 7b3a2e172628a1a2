"""Fabrics of switches beside the folded Clos: what is asked. Rates count one direction, Gbit/s."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from topodesign.domain.checks import require, require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric_limits import (
    MAX_LINK_GBPS,
    MAX_NAMED,
    MIN_LINK_GBPS,
    require_accelerators,
    require_count,
    require_link_rate,
    require_radix,
)

Rails = Literal["none", "optimized", "only"]
MAX_PORTS = 4096
"""Most ports of a switch, and most links of one kind at a switch."""
MAX_LINKS = 1_000_000
"""Most links of a graph that is drawn at random, one by one: about ten seconds."""
MAX_EDGES = 500_000
"""Most rows of an edge list."""
MAX_PARALLEL = 1_000_000
"""Most parallel links of one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleUpClos:
    """Scale-up domains (racks such as NVL72) that a Clos joins.

    Every accelerator has one link of ``scale_up_gbps`` to each of the ``scale_up_switches`` of its domain and
    ``planes`` links of ``link_gbps`` into as many planes of the Clos. ``rails``: ``"optimized"``, accelerators of one
    rank share leaves; ``"only"``, each rail is a Clos of its own and the domains forward between rails; ``"none"``,
    leaves take domain after domain. ``domain_rails``: rails per domain, a divisor of ``domain`` (default: one for each
    accelerator).
    """

    accelerators: int
    domain: int = 72
    scale_up_switches: int = 18
    scale_up_gbps: float = 400.0
    radix: int = 64
    tiers: int | None = None
    oversubscription: float = 1.0
    planes: int = 1
    rails: Rails = "optimized"
    domain_rails: int | None = None
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        require_count(self.accelerators, field="accelerators")
        require_count(self.domain, field="domain", at_most=MAX_PORTS)
        require_count(self.scale_up_switches, field="scale_up_switches", at_most=MAX_PORTS)
        require_link_rate(self.scale_up_gbps, field="scale_up_gbps")
        require_radix(self.radix, field="radix")
        if self.tiers is not None:
            require(self.tiers in (2, 3), field="tiers", value=self.tiers, limit="2 or 3", remedy="leave it out")
        require_number(self.oversubscription, field="oversubscription", at_least=0.1, at_most=1000)
        require_count(self.planes, field="planes", at_most=64)
        require_link_rate(self.link_gbps)
        require(
            self.rails in ("none", "optimized", "only"),
            field="rails",
            value=self.rails,
            limit="one of none, optimized, only",
            remedy="choose one of these",
        )
        require(
            self.accelerators <= self.domain or self.accelerators % self.domain == 0,
            field="accelerators",
            value=self.accelerators,
            limit=f"whole domains of {self.domain}",
            remedy=f"use {self._nearest_whole_domains()} accelerators, or another size of domains",
        )
        if self.domain_rails is not None:
            require_count(self.domain_rails, field="domain_rails", at_most=self.domain)
            require(
                self.domain % self.domain_rails == 0,
                field="domain_rails",
                value=self.domain_rails,
                limit=f"a divisor of the domain's {self.domain} accelerators",
                remedy="use such a number of rails",
            )

    def _nearest_whole_domains(self) -> str:
        below = self.accelerators // self.domain * self.domain
        return f"{below} or {below + self.domain}"

    @property
    def kind(self) -> str:
        return "scale-up-clos"

    @property
    def domains(self) -> int:
        return -(-self.accelerators // self.domain)

    @property
    def rails_per_domain(self) -> int:
        return self.domain if self.domain_rails is None else self.domain_rails


@dataclass(frozen=True, slots=True, kw_only=True)
class Dragonfly:
    """Groups of ``a`` routers, all joined within a group; ``p`` accelerators and ``h`` global links per router.

    ``groups`` default: a h + 1, the most there can be, with one link between any two. Fewer share the global links.
    """

    p: int
    a: int
    h: int
    groups: int | None = None
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        for field, value in (("p", self.p), ("a", self.a), ("h", self.h)):
            require_count(value, field=field, at_most=MAX_PORTS)
        _require_groups(self.groups, self.a * self.h, formula="a h + 1")
        require_accelerators(self.p * self.a * self.group_count, of="p, a, groups")
        require_link_rate(self.link_gbps)

    @property
    def kind(self) -> str:
        return "dragonfly"

    @property
    def group_count(self) -> int:
        return self.a * self.h + 1 if self.groups is None else self.groups


@dataclass(frozen=True, slots=True, kw_only=True)
class DragonflyPlus:
    """Groups of leaves and spines, every leaf joined to every spine of its group; spines have the global links.

    ``p`` accelerators per leaf, ``h`` global links per spine. ``groups`` default: spines h + 1, the most there can be.
    """

    p: int
    leaves: int
    spines: int
    h: int
    groups: int | None = None
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        for field, value in (("p", self.p), ("leaves", self.leaves), ("spines", self.spines), ("h", self.h)):
            require_count(value, field=field, at_most=MAX_PORTS)
        _require_groups(self.groups, self.spines * self.h, formula="spines h + 1")
        require_accelerators(self.p * self.leaves * self.group_count, of="p, leaves, groups")
        require_link_rate(self.link_gbps)

    @property
    def kind(self) -> str:
        return "dragonfly-plus"

    @property
    def group_count(self) -> int:
        return self.spines * self.h + 1 if self.groups is None else self.groups


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectBlocks:
    """Blocks of accelerators that optical circuit switches join directly, without spines between blocks.

    A block has ``leaves`` leaves of ``p`` accelerators and ``aggregations`` switches above them, every leaf joined to
    each by ``leaf_links`` links; each aggregation switch has ``h`` uplinks. The uplinks of a block are spread evenly
    over the other blocks through optical circuit switches of ``ocs_ports`` usable ports.
    """

    blocks: int
    p: int
    leaves: int
    aggregations: int
    h: int
    leaf_links: int = 1
    ocs_ports: int = 128
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        for field in ("p", "leaves", "aggregations", "h", "leaf_links"):
            require_count(getattr(self, field), field=field, at_most=MAX_PORTS)
        require_count(self.ocs_ports, field="ocs_ports", at_least=2, at_most=MAX_PORTS)
        require_count(self.blocks, field="blocks")
        _require_groups(self.blocks, self.aggregations * self.h, formula="aggregations h + 1", field="blocks")
        require(
            self.blocks <= self.ocs_ports,
            field="blocks",
            value=self.blocks,
            limit=f"at most {self.ocs_ports} (ocs_ports: every block has a port on every optical circuit switch)",
            remedy="use fewer blocks or larger optical circuit switches",
        )
        require_accelerators(self.p * self.leaves * self.blocks, of="p, leaves, blocks")
        require_link_rate(self.link_gbps)

    @property
    def kind(self) -> str:
        return "direct-blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlimFly:
    """The McKay-Miller-Siran graph of a prime power q = 4 w + d, d in {-1, 0, 1}: 2 q^2 routers of degree (3 q - d)/2.

    ``p``: accelerators per router (default: half of the degree, rounded up).
    """

    q: int
    p: int | None = None
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        require_count(
            self.q, field="q", at_least=3, at_most=1000, remedy="use a prime power from 3, such as 5, 7 or 19"
        )
        if prime_power(self.q) is None:
            raise InvalidInput(
                f"q is {self.q}, but it must be a prime power 4 w + d with d = -1, 0 or 1; "
                f"use {' or '.join(str(q) for q in nearest_prime_powers(self.q))}",
                reason="FABRIC_NOT_PRIME_POWER",
                field_path="q",
                metadata={"value": str(self.q)},
            )
        if self.p is not None:
            require_count(self.p, field="p", at_most=MAX_PORTS)
        require_accelerators(2 * self.q**2 * self.hosts_per_router, of="q, p")
        require_link_rate(self.link_gbps)

    @property
    def kind(self) -> str:
        return "slimfly"

    @property
    def residue(self) -> int:
        """d of q = 4 w + d."""
        return {0: 0, 1: 1, 3: -1}[self.q % 4]

    @property
    def degree(self) -> int:
        return (3 * self.q - self.residue) // 2

    @property
    def hosts_per_router(self) -> int:
        return -(-self.degree // 2) if self.p is None else self.p


@dataclass(frozen=True, slots=True, kw_only=True)
class Jellyfish:
    """A random regular graph of switches, drawn from ``seed``: the same seed gives the same graph everywhere."""

    switches: int
    network_ports: int
    server_ports: int
    seed: int = 0
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        require_count(self.switches, field="switches")
        require_count(
            self.network_ports,
            field="network_ports",
            at_least=0 if self.switches == 1 else 1,
            at_most=min(MAX_PORTS, self.switches - 1),
            remedy="every network port leads to another switch; use fewer network ports or more switches",
        )
        require_count(self.server_ports, field="server_ports", at_most=MAX_PORTS)
        require_count(self.seed, field="seed", at_least=0, at_most=2**63 - 1)
        require_accelerators(self.switches * self.server_ports, of="switches, server_ports")
        require_number(
            self.switches * self.network_ports // 2,
            field="switches x network_ports / 2 (links between switches)",
            at_most=MAX_LINKS,
            remedy="a random graph is drawn link by link; use fewer switches or network ports",
        )
        require_link_rate(self.link_gbps)

    @property
    def kind(self) -> str:
        return "jellyfish"


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """``count`` parallel links between two named ends, each of ``gbps`` (default: the fabric's ``link_gbps``)."""

    a: str
    z: str
    count: int = 1
    gbps: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeList:
    """Any graph. The names in ``accelerators`` are accelerators, all other ends are switches."""

    accelerators: tuple[str, ...]
    edges: tuple[Edge, ...]
    link_gbps: float = 400.0

    def __post_init__(self) -> None:
        _require_tuple(self.accelerators, field="accelerators", of=str, remedy='give names such as ("gpu-0", "gpu-1")')
        _require_tuple(self.edges, field="edges", of=Edge, remedy='give edges such as (Edge(a="gpu-0", z="leaf-0"),)')
        require_count(
            len(self.accelerators),
            field="accelerators",
            at_most=MAX_NAMED,
            remedy=f"name at least one accelerator, and at most {MAX_NAMED}",
        )
        require_count(len(self.edges), field="edges", at_least=0, at_most=MAX_EDGES)
        require_link_rate(self.link_gbps)
        require(
            len(set(self.accelerators)) == len(self.accelerators),
            field="accelerators",
            value=len(self.accelerators),
            limit=f"different names ({len(set(self.accelerators))} are different)",
            remedy="name every accelerator once",
        )
        for place, edge in enumerate(self.edges):
            if not is_sound_edge(edge):
                require_edge(edge, field=f"edges[{place}]")

    @property
    def kind(self) -> str:
        return "custom"


SwitchedSpec = ScaleUpClos | Dragonfly | DragonflyPlus | DirectBlocks | SlimFly | Jellyfish | EdgeList


def _require_tuple(items: Sequence[object], *, field: str, of: type, remedy: str) -> None:
    require(
        isinstance(items, (tuple, list)) and all(isinstance(item, of) for item in items),
        field=field,
        value=items if isinstance(items, (str, int, float, type(None))) else type(items).__name__,
        limit=f"a tuple of {of.__name__}",
        remedy=remedy,
    )


def is_sound_edge(edge: Edge) -> bool:
    """Whether :func:`require_edge` accepts the edge, told quickly; false for any doubt."""
    rate = edge.gbps
    return (
        type(edge.a) is str is type(edge.z)
        and edge.a != edge.z
        and type(edge.count) is int
        and 1 <= edge.count <= MAX_PARALLEL
        and (rate is None or (type(rate) is float and MIN_LINK_GBPS <= rate <= MAX_LINK_GBPS))
    )


def require_edge(edge: Edge, *, field: str) -> None:
    """Raise :class:`InvalidInput` unless the edge joins two different names by 1 to 10^6 links of a finite rate."""
    if edge.a == edge.z:
        raise InvalidInput(
            f"{field} joins {edge.a!r} to itself, but a link needs two different ends; remove it",
            reason="FABRIC_SELF_LOOP",
            field_path=field,
            metadata={"value": edge.a},
        )
    for end in (edge.a, edge.z):
        require(isinstance(end, str), field=f"{field} (end)", value=end, limit="a name", remedy="give it in quotes")
    require_count(edge.count, field=f"{field}.count", at_most=MAX_PARALLEL)
    if edge.gbps is not None:
        require_link_rate(edge.gbps, field=f"{field}.gbps")


def prime_power(number: int) -> tuple[int, int] | None:
    """(prime, exponent) of a power of a prime; ``None`` for every other number."""
    if number < 2:
        return None
    prime = next((divisor for divisor in range(2, math.isqrt(number) + 1) if number % divisor == 0), number)
    exponent, rest = 0, number
    while rest % prime == 0:
        rest //= prime
        exponent += 1
    return (prime, exponent) if rest == 1 else None


def nearest_prime_powers(number: int) -> tuple[int, ...]:
    """The nearest powers of primes below and above, from 3."""
    below = next((q for q in range(number - 1, 2, -1) if prime_power(q)), None)
    above = next(q for q in range(max(3, number + 1), 2 * number + 4) if prime_power(q))
    return (above,) if below is None else (below, above)


def _require_groups(groups: int | None, global_links: int, *, formula: str, field: str = "groups") -> None:
    if groups is None:
        return
    require_count(groups, field=field)
    require(
        groups <= global_links + 1,
        field=field,
        value=groups,
        limit=f"at most {formula} = {global_links + 1} (one link to every other)",
        remedy="use fewer, or more global links",
    )
