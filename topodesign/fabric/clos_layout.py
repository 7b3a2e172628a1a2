"""Counts of a folded Clos: switches and cables of every tier, last leaf and last pod partly filled."""

from dataclasses import dataclass

from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosLayout:
    """One plane. Leaves have ``leaf_down`` ports to accelerators and ``leaf_up`` to the next tier.

    ``last_hosts`` and ``last_uplinks`` describe the last, partly filled leaf (0: there is none). ``aggregations`` and
    ``cores`` are the second and third tier; with two tiers the second tier has the spines and ``cores`` is 0; with one
    leaf alone both are 0.
    """

    accelerators: int
    radix: int
    tiers: int
    leaf_down: int
    leaf_up: int
    full_leaves: int
    last_hosts: int
    last_uplinks: int
    aggregations: int
    cores: int

    @property
    def leaves(self) -> int:
        return self.full_leaves + (1 if self.last_hosts else 0)

    @property
    def uplinks(self) -> int:
        """Cables between leaves and the second tier."""
        if self.tiers == 1:
            return 0
        return self.full_leaves * self.leaf_up + self.last_uplinks

    @property
    def core_links(self) -> int:
        """Cables between the second and the third tier: as many as below, that tier does not taper."""
        return self.uplinks if self.tiers == 3 else 0

    @property
    def pod_leaves(self) -> int:
        """Leaves of a full pod; with fewer than three tiers all leaves are one pod."""
        return self.radix // 2 if self.tiers == 3 else max(1, self.leaves)

    @property
    def pod_hosts(self) -> int:
        return self.pod_leaves * self.leaf_down

    @property
    def full_pods(self) -> int:
        return self.full_leaves // self.pod_leaves

    @property
    def last_pod_hosts(self) -> int:
        """Accelerators of the last, partly filled pod; 0: there is none."""
        return self.accelerators - self.full_pods * self.pod_hosts

    @property
    def last_pod_uplinks(self) -> int:
        return self.uplinks - self.full_pods * self.pod_leaves * self.leaf_up

    @property
    def pods(self) -> int:
        return self.full_pods + (1 if self.last_pod_hosts else 0)

    @property
    def taper(self) -> float:
        """Capacity down over capacity up of a full leaf."""
        return self.leaf_down / self.leaf_up

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return (self.leaves, self.aggregations, self.cores)[: self.tiers]


def clos_layout(spec: Clos) -> ClosLayout:
    """Layout of one plane of a folded Clos.

    A leaf of radix r has u = ceil(r / (1 + oversubscription)) ports up and r - u down, so that it tapers no more than
    asked. A partly filled leaf has as many uplinks as keep its taper. The tiers above have as many ports down as up;
    each has the fewest switches with enough ports. Three tiers: r/2 leaves and u switches above them make a pod; r
    pods fit.

    Raises
    ------
    InvalidInput
        When the accelerators do not fit the radix and tiers (``FABRIC_TOO_LARGE``).
    """
    up = _uplinks_per_leaf(spec)
    down = spec.radix - up
    tiers = _tiers(spec, down)
    full_leaves, last_hosts = divmod(spec.accelerators, down)
    last_uplinks = -(-last_hosts * up // down)
    uplinks = full_leaves * up + last_uplinks
    aggregations = cores = 0
    if tiers == 2:
        aggregations = -(-uplinks // spec.radix)
    elif tiers == 3:
        half = spec.radix // 2
        aggregations = -(-uplinks // half)
        cores = -(-uplinks // spec.radix)
    return ClosLayout(
        accelerators=spec.accelerators,
        radix=spec.radix,
        tiers=tiers,
        leaf_down=down,
        leaf_up=up,
        full_leaves=full_leaves,
        last_hosts=last_hosts,
        last_uplinks=last_uplinks,
        aggregations=aggregations,
        cores=cores,
    )


def _uplinks_per_leaf(spec: Clos) -> int:
    exact = spec.radix / (1.0 + spec.oversubscription)
    nearest = round(exact)
    return nearest if nearest >= 1 and abs(exact - nearest) < 1e-9 * spec.radix else int(exact) + 1


def _tiers(spec: Clos, down: int) -> int:
    most = {2: spec.radix * down, 3: spec.radix * (spec.radix // 2) * down}
    if spec.tiers is None and spec.accelerators <= down:
        return 1
    for tiers in (2, 3) if spec.tiers is None else (spec.tiers,):
        if spec.accelerators <= most[tiers]:
            return tiers
    tiers = spec.tiers or 3
    remedy = "use 3 tiers or a larger radix" if tiers == 2 else "use a larger radix or several smaller fabrics"
    raise InvalidInput(
        f"accelerators is {spec.accelerators}, but {tiers} tiers of radix {spec.radix} with {down} accelerators "
        f"per leaf hold at most {most[tiers]}; {remedy}",
        reason="FABRIC_TOO_LARGE",
        field_path="accelerators",
        metadata={"value": str(spec.accelerators), "limit": str(most[tiers]), "radix": str(spec.radix)},
    )


def spread(links: int, over: int, *, start: int) -> list[int]:
    """Links to each of ``over`` switches when ``links`` are dealt out one by one from ``start``, around and around."""
    each, rest = divmod(links, over)
    counts = [each] * over
    for offset in range(rest):
        counts[(start + offset) % over] += 1
    return counts
