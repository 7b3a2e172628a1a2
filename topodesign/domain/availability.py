"""How much of the time a plan's lightpaths, pairs of sites and all sites together are connected."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Uptime:
    """Probability of being up in the long run, and the minutes of an average year that are left to being down."""

    availability: float
    downtime_min_per_year: float


@dataclass(frozen=True, slots=True, kw_only=True)
class UptimeRange:
    """A probability that is known to lie in [``lower``, ``upper``]; downtime in minutes per year the other way round.

    Where both ends meet the probability is exact.
    """

    lower: float
    upper: float
    least_downtime_min_per_year: float
    most_downtime_min_per_year: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConduitAvailability:
    """A conduit that carries light: the length on which it can be cut, cuts of an average year, and its uptime."""

    conduit: str
    length_km: float
    cuts_per_year: float
    uptime: Uptime


@dataclass(frozen=True, slots=True, kw_only=True)
class LightpathAvailability:
    """One of the parallel lightpaths between ``a`` and ``z`` over ``segments``, without protection.

    ``uptime`` is that of all conduits and all equipment in series, ``cuts_only`` that of the conduits.
    """

    a: str
    z: str
    mode: str
    segments: tuple[str, ...]
    uptime: Uptime
    cuts_only: Uptime


@dataclass(frozen=True, slots=True, kw_only=True)
class PairAvailability:
    """Two sites: over their best lightpath or chain of lightpaths alone, and with all that the plan lights.

    ``unprotected`` is the best chain with conduits and equipment, ``unprotected_cuts_only`` the best chain with
    equipment that never fails; 0 where nothing joins the two. ``protected`` and ``protected_cuts_only`` are the
    probabilities that some chain of lightpaths is left.
    """

    a: str
    z: str
    unprotected: Uptime
    unprotected_cuts_only: Uptime
    protected: UptimeRange
    protected_cuts_only: UptimeRange


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAvailability:
    """Availability of a whole plan.

    ``all_connected``: every site reaches every other. ``guaranteed``: no more than ``guaranteed_cuts`` conduits are cut
    at once, so that the failure policy guarantees the traffic between sites its bandwidth; with equipment that never
    fails, a lower bound on the time at that bandwidth. ``enumerated_cuts`` is the most groups of conduits that were
    taken to be cut at once, ``unexamined`` the probability of all other states: the width of the ranges with equipment
    that never fails. The ranges with equipment are wider, because which fiber pair a lightpath is on is left open.
    ``basis`` says in words what the figures rest on.
    """

    conduits: tuple[ConduitAvailability, ...]
    lightpaths: tuple[LightpathAvailability, ...]
    pairs: tuple[PairAvailability, ...]
    all_connected: UptimeRange
    all_connected_cuts_only: UptimeRange
    guaranteed: Uptime
    guaranteed_cuts: int
    enumerated_cuts: int
    unexamined: float
    basis: tuple[str, ...]
