"""Counts of a folded Clos: switches and cables of every tier, last leaf and last pod partly filled."""

from dataclasses import dataclass

from topodesign.domain.checks import require
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import Clos


@dataclass(frozen=True, slots=True, kw_only=True)
class PodShape:
    """Pods of three tiers whose second tier is chosen by the spec: its taper, its radix or the leaves of a pod.

    Every leaf has ``leaf_links`` links to each of the ``aggregations`` switches of its pod. Each of these has
    ``uplinks`` to the cores of its place in the pod, evenly; in the last, partly filled pod ``last_uplinks`` (0: there
    is none). ``cores`` counts those of one place. ``down`` and ``up`` are the ports of an aggregation switch.
    """

    leaves: int
    leaf_links: int
    aggregations: int
    down: int
    up: int
    uplinks: int
    last_uplinks: int
    cores: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosLayout:
    """One plane. Leaves have ``leaf_down`` ports to accelerators and ``leaf_up`` to the next tier.

    ``last_hosts`` and ``last_uplinks`` describe the last, partly filled leaf (0: there is none). ``aggregations`` and
    ``cores`` are the second and third tier; with two tiers the second tier has the spines and ``cores`` is 0; with one
    switch alone both are 0, and so is ``leaf_up``: all of its ports face down.
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
    upper_radix: int
    shape: PodShape | None = None

    @property
    def leaves(self) -> int:
        return self.full_leaves + (1 if self.last_hosts else 0)

    @property
    def uplinks(self) -> int:
        """Cables between leaves and the second tier."""
        return self.full_leaves * self.leaf_up + self.last_uplinks

    @property
    def core_links(self) -> int:
        """Cables between the second and the third tier: as many as below, unless a pod's shape has fewer."""
        if self.shape is not None:
            return self.shape.aggregations * (self.full_pods * self.shape.uplinks + self.shape.last_uplinks)
        return self.uplinks if self.tiers == 3 else 0

    @property
    def pod_leaves(self) -> int:
        """Leaves of a full pod; with fewer than three tiers all leaves are one pod."""
        if self.shape is not None:
            return self.shape.leaves
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
        """Capacity down over capacity up of a full leaf; 1 where one switch joins all, which tapers nothing."""
        return self.leaf_down / self.leaf_up if self.tiers > 1 else 1.0

    @property
    def switches_by_tier(self) -> tuple[int, ...]:
        return (self.leaves, self.aggregations, self.cores)[: self.tiers]


def clos_layout(spec: Clos) -> ClosLayout:
    """Layout of one plane of a folded Clos.

    Accelerators that a single switch has ports for need nothing above it, whatever the taper: unless ``tiers`` asks for
    more, they are one tier, a switch whose r ports all face down. With more tiers a leaf of radix r has
    u = ceil(r / (1 + oversubscription)) ports up and r - u down, so that it tapers no more than asked. A partly filled
    leaf has as many uplinks as keep its taper. The tiers above have as many ports down as up; each has the fewest
    switches with enough ports. Three tiers: r/2 leaves and u switches above them make a pod; r pods fit. Where the spec
    shapes its pods (:func:`has_shaped_pods`), every tier is wired evenly (:class:`PodShape`): a partly filled leaf or
    pod then has a few links more than its taper needs.

    Raises
    ------
    InvalidInput
        When the accelerators do not fit the radix and tiers (``FABRIC_TOO_LARGE``).
    """
    up = _ports_up(spec.radix, spec.oversubscription)
    upper_radix = spec.upper_radix or spec.radix
    tiers = _tiers(spec, spec.radix - up)
    if tiers == 1:
        up = 0
    down = spec.radix - up
    full_leaves, last_hosts = divmod(spec.accelerators, down)
    last_uplinks = -(-last_hosts * up // down)
    aggregations = cores = 0
    shape = None
    if tiers == 3 and has_shaped_pods(spec):
        last_uplinks = up if last_hosts else 0
        leaves = full_leaves + (1 if last_hosts else 0)
        shape = _pod_shape(spec, full_leaves, leaves, up)
        aggregations = -(-leaves // shape.leaves) * shape.aggregations
        cores = shape.aggregations * shape.cores
    elif tiers > 1:
        uplinks = full_leaves * up + last_uplinks
        aggregations = -(-uplinks // (upper_radix if tiers == 2 else spec.radix // 2))
        cores = -(-uplinks // spec.radix) if tiers == 3 else 0
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
        upper_radix=upper_radix,
        shape=shape,
    )


def has_shaped_pods(spec: Clos) -> bool:
    """Whether the spec says more about the tiers above the leaves than that they do not taper."""
    return spec.upper_oversubscription != 1 or spec.pod_leaves is not None or spec.upper_radix not in (None, spec.radix)


def fits_one_switch(spec: Clos) -> bool:
    """Whether one switch per plane holds all accelerators, and no number of tiers is asked for."""
    return spec.tiers is None and spec.accelerators <= spec.radix


def _ports_up(radix: int, taper: float) -> int:
    exact = radix / (1.0 + taper)
    nearest = round(exact)
    up = nearest if nearest >= 1 and abs(exact - nearest) < 1e-9 * radix else int(exact) + 1
    return min(up, radix - 1)


def _pod_shape(spec: Clos, full_leaves: int, leaves: int, leaf_up: int) -> PodShape:
    radix = spec.upper_radix or spec.radix
    up = _ports_up(radix, spec.upper_oversubscription)
    down = radix - up
    pod_leaves = spec.pod_leaves or down
    require(
        pod_leaves <= down,
        field="pod_leaves",
        value=pod_leaves,
        limit=f"at most {down} (ports down of a switch of the second tier)",
        remedy="use smaller pods or a larger upper_radix",
    )
    parallel = max(part for part in range(1, down // pod_leaves + 1) if leaf_up % part == 0)
    full_pods = full_leaves // pod_leaves
    last_leaves = leaves - full_pods * pod_leaves
    uplinks = -(-pod_leaves * parallel * up // down)
    pods = full_pods + (1 if last_leaves else 0)
    # the fewest cores that share an aggregation switch's uplinks evenly and have a port for every pod's share
    cores = min(part for part in range(1, uplinks + 1) if uplinks % part == 0 and pods * (uplinks // part) <= radix)
    needed = -(-last_leaves * uplinks // pod_leaves)  # at least its share of a full pod's
    return PodShape(
        leaves=pod_leaves,
        leaf_links=parallel,
        aggregations=leaf_up // parallel,
        down=down,
        up=up,
        uplinks=uplinks,
        last_uplinks=-(-needed // cores) * cores,
        cores=cores,
    )


def _tiers(spec: Clos, down: int) -> int:
    upper_radix = spec.upper_radix or spec.radix
    pod_leaves = spec.radix // 2
    if has_shaped_pods(spec):
        pod_leaves = spec.pod_leaves or upper_radix - _ports_up(upper_radix, spec.upper_oversubscription)
    most = {2: upper_radix * down, 3: upper_radix * pod_leaves * down}
    if fits_one_switch(spec):
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
