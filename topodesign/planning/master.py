"""The integrated programme: sites, pods, fiber pairs, new build and lightpaths (docs/formulation.md).

Columns (money in millions of US dollars, so that coefficients stay near one):

    o_s  binary    site s is used                     a_s  integer   pods at s
    f_e  integer   newly lit pairs on segment e       h_e  integer   pairs in use that were lit already
    u_e  binary    segment e is in use                b_e  binary    new fiber is built on e
    x_l  >= 0      lightpaths of candidate l, in units of ``unit_l`` lightpaths

``unit_l`` is one lightpath where lightpaths are integer; otherwise it is B / rate_l, so that x_l counts the capacity
of the candidate in multiples of B. The rows of the all-reduce, (14), are separated: see
:mod:`topodesign.planning.partition_rows`.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from topodesign.planning.instance import Floats, Instance, conflict_cliques, conflict_pairs, target_pods
from topodesign.planning.programme import Programme

MILLION = 1e6


@dataclass(frozen=True, slots=True, kw_only=True)
class Master:
    """The programme and where its columns are. ``x`` is -1 for lightpaths left out."""

    instance: Instance
    programme: Programme
    used: tuple[int, ...]
    pods: tuple[int, ...]
    new_pairs: tuple[int, ...]
    lit_pairs: tuple[int, ...]
    in_use: tuple[int, ...]
    build: tuple[int, ...]
    x: tuple[int, ...]
    unit: Floats
    has_integer_lightpaths: bool


def build_master(
    instance: Instance,
    *,
    fixed_sites: Collection[int] | None = None,
    integer_lightpaths: bool = False,
) -> Master:
    """The programme without the rows of the all-reduce.

    Parameters
    ----------
    instance : Instance
    fixed_sites : collection of int, optional
        Positions of the sites that are used, all others closed: the sizing problem.
    integer_lightpaths : bool
        Whether lightpaths are counted in whole ones.
    """
    programme = Programme()
    sites = range(len(instance.sites))
    kept = set(sites) if fixed_sites is None else set(fixed_sites)
    used, pods = _site_columns(instance, programme, kept, sites_are_fixed=fixed_sites is not None)
    new_pairs, lit_pairs, in_use, build = _segment_columns(instance, programme)
    x, unit = _lightpath_columns(instance, programme, kept, integer_lightpaths)
    master = Master(
        instance=instance,
        programme=programme,
        used=used,
        pods=pods,
        new_pairs=new_pairs,
        lit_pairs=lit_pairs,
        in_use=in_use,
        build=build,
        x=x,
        unit=unit,
        has_integer_lightpaths=integer_lightpaths,
    )
    _size_rows(master)
    _survivor_rows(master)
    _power_rows(master)
    _share_rows(master)
    _spectrum_rows(master)
    _carbon_row(master)
    if fixed_sites is None:
        _conflict_rows(master)
    return master


def _site_columns(
    instance: Instance, programme: Programme, kept: Collection[int], *, sites_are_fixed: bool
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    used, pods = [], []
    for position, site in enumerate(instance.sites):
        may = 1.0 if position in kept else 0.0
        must = may if sites_are_fixed or site.site.required else 0.0
        name = site.site.site_id
        used.append(
            programme.add_column(
                f"o[{name}]", lower=must, upper=may, objective=site.fixed_usd / MILLION, integer=not sites_are_fixed
            )
        )
        pods.append(
            programme.add_column(
                f"a[{name}]", upper=may * site.most_pods, objective=site.pod_usd / MILLION, integer=True
            )
        )
        programme.add_row({pods[-1]: 1.0, used[-1]: -float(site.most_pods)}, upper=0.0, name=f"most_pods[{name}]")
        programme.add_row({pods[-1]: 1.0, used[-1]: -float(site.least_pods)}, lower=0.0, name=f"least_pods[{name}]")
    return tuple(used), tuple(pods)


def _segment_columns(
    instance: Instance, programme: Programme
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Columns and rows (13): pairs on offer, pairs that are lit already, new build, and use."""
    new, lit, in_use, build = [], [], [], []
    for segment, price in zip(instance.graph.segments, instance.segment_prices, strict=True):
        name = segment.segment_id
        f = programme.add_column(
            f"f[{name}]",
            upper=float(segment.most_pairs - segment.lit_pairs),
            objective=price.new_pair_usd / MILLION,
            integer=True,
        )
        h = programme.add_column(
            f"h[{name}]", upper=float(segment.lit_pairs), objective=price.lit_pair_usd / MILLION, integer=True
        )
        u = programme.add_column(f"u[{name}]", upper=1.0, objective=price.route_charge_usd / MILLION, integer=True)
        can_build = segment.build_usd_per_km is not None and segment.build_pairs > 0
        b = programme.add_column(
            f"b[{name}]", upper=float(can_build), objective=price.build_usd / MILLION, integer=True
        )
        if can_build:
            programme.add_row(
                {f: 1.0, b: -float(segment.build_pairs)}, upper=float(segment.pairs_available), name=f"pairs[{name}]"
            )
        programme.add_row({f: 1.0, h: 1.0, u: -float(segment.most_pairs)}, upper=0.0, name=f"in_use[{name}]")
        new.append(f)
        lit.append(h)
        in_use.append(u)
        build.append(b)
    return tuple(new), tuple(lit), tuple(in_use), tuple(build)


def _lightpath_columns(
    instance: Instance, programme: Programme, kept: Collection[int], integer_lightpaths: bool
) -> tuple[tuple[int, ...], Floats]:
    """x_l, at most what meets B alone: more of one candidate never helps (formulation (14))."""
    rate = instance.rate_gbps
    required = instance.required_gbps
    unit = np.ones_like(rate) if integer_lightpaths else required / rate
    most = instance.most_lightpaths / unit
    columns = []
    for position, path in enumerate(instance.lightpaths):
        a, z = instance.ends[position]
        if a not in kept or z not in kept:
            columns.append(-1)
            continue
        name = f"x[{instance.graph.nodes[path.a]},{instance.graph.nodes[path.z]},{position}]"
        columns.append(
            programme.add_column(
                name,
                upper=float(most[position]),
                objective=float(instance.lightpath_usd[position] * unit[position] / MILLION),
                integer=integer_lightpaths,
            )
        )
    return tuple(columns), unit


def _size_rows(master: Master) -> None:
    """(4): the size target and the number of sites."""
    instance, programme = master.instance, master.programme
    scenario = instance.scenario
    target = target_pods(scenario)
    if target is not None:
        programme.add_row(((column, 1.0) for column in master.pods), lower=float(target), name="size")
    elif scenario.size.power_mw is not None:
        programme.add_row(
            ((column, site.pod_mw) for column, site in zip(master.pods, instance.sites, strict=True)),
            lower=scenario.size.power_mw,
            name="size",
        )
    most = scenario.policy.max_sites
    programme.add_row(
        ((column, 1.0) for column in master.used),
        lower=float(scenario.policy.min_sites),
        upper=math.inf if most is None else float(most),
        name="sites",
    )


def _survivor_rows(master: Master) -> None:
    """(14): when the loss of a site or zone must be survived, a used site is left in each such state."""
    instance, programme = master.instance, master.programme
    policy = instance.scenario.policy
    if policy.survivable_fraction <= 0:
        return
    groups: list[tuple[str, set[str]]] = []
    if "site" in policy.survive:
        groups.extend((f"site {site.site.site_id}", {site.site.site_id}) for site in instance.sites)
    if "zone" in policy.survive:
        for zone in instance.scenario.zones:
            members = {site.site.site_id for site in instance.sites if site.site.zone_id == zone.zone_id}
            groups.append((f"zone {zone.zone_id}", members))
    for name, lost in groups:
        left = [
            (column, 1.0)
            for column, site in zip(master.used, instance.sites, strict=True)
            if site.site.site_id not in lost
        ]
        programme.add_row(left, lower=1.0, name=f"survivor[{name}]")


def _power_rows(master: Master) -> None:
    """(6), (7): MW of every building and zone, transceivers included."""
    instance, programme = master.instance, master.programme
    scenario = instance.scenario
    drawn: dict[str, dict[int, float]] = {site.site_id: {} for site in scenario.sites}
    for column, candidate in zip(master.pods, instance.sites, strict=True):
        drawn[candidate.site.site_id][column] = candidate.pod_mw
    for column, path, unit in zip(master.x, instance.lightpaths, master.unit, strict=True):
        if column < 0:
            continue
        for node, watts in instance.transceiver_watts(path):
            row = drawn.get(instance.graph.nodes[node])
            if row is not None:
                row[column] = row.get(column, 0.0) + watts * float(unit) / 1e6
    used = {own.site.site_id: column for column, own in zip(master.used, instance.sites, strict=True)}
    by_zone: dict[str, list[tuple[int, float]]] = {}
    for site in scenario.sites:
        row = drawn[site.site_id]
        by_zone.setdefault(site.zone_id, []).extend(row.items())
        if not row:
            continue
        limit = dict(row)
        most = min(site.power_mw, scenario.zone_by_id[site.zone_id].headroom_mw)
        if site.site_id in used:
            limit[used[site.site_id]] = -most
            programme.add_row(limit, upper=0.0, name=f"power[{site.site_id}]")
        else:
            programme.add_row(limit, upper=most, name=f"power[{site.site_id}]")
    for zone, items in sorted(by_zone.items()):
        if items:
            programme.add_row(items, upper=scenario.zone_by_id[zone].headroom_mw, name=f"zone[{zone}]")


def _share_rows(master: Master) -> None:
    """(8): pods in one zone, and in the zones of one utility, are at most a share of all pods."""
    scenario = master.instance.scenario
    groups: list[tuple[str, float, dict[str, list[int]]]] = []
    by_zone: dict[str, list[int]] = {}
    by_utility: dict[str, list[int]] = {}
    for column, site in zip(master.pods, master.instance.sites, strict=True):
        zone = scenario.zone_by_id[site.site.zone_id]
        by_zone.setdefault(zone.zone_id, []).append(column)
        if zone.utility:
            by_utility.setdefault(zone.utility, []).append(column)
    groups.append(("zone_share", scenario.policy.max_zone_share, by_zone))
    groups.append(("utility_share", scenario.policy.max_utility_share, by_utility))
    for name, share, members in groups:
        if share >= 1:
            continue
        for key, columns in sorted(members.items()):
            row = [(column, -share) for column in master.pods] + [(column, 1.0) for column in columns]
            master.programme.add_row(row, upper=0.0, name=f"{name}[{key}]")


def _spectrum_rows(master: Master) -> None:
    """(12): widths of the lightpaths over e <= band x pairs in use, and a route in use is charged.

    Less what is withheld of a segment whose slots could not be assigned.
    """
    instance, programme = master.instance, master.programme
    band = instance.reach.line_system.band_ghz
    over: list[list[tuple[int, float]]] = [[] for _ in instance.graph.segments]
    for column, path, unit in zip(master.x, instance.lightpaths, master.unit, strict=True):
        if column >= 0:
            for segment in path.route:
                over[segment].append((column, path.width_ghz * float(unit) / band))
    for segment, items in enumerate(over):
        if items:
            row = [*items, (master.new_pairs[segment], -1.0), (master.lit_pairs[segment], -1.0)]
            withheld = instance.withheld_ghz.get(segment, 0.0)
            if withheld:
                row.append((master.in_use[segment], withheld / band))
            programme.add_row(row, upper=0.0, name=f"spectrum[{instance.graph.segments[segment].segment_id}]")
        else:
            for column in (master.new_pairs[segment], master.lit_pairs[segment], master.in_use[segment]):
                programme.upper[column] = 0.0
            programme.upper[master.build[segment]] = 0.0


def _carbon_row(master: Master) -> None:
    """(15): tonnes of CO2 per year."""
    instance, programme = master.instance, master.programme
    limit = instance.scenario.policy.carbon_t_per_year
    if math.isinf(limit):
        return
    items: list[tuple[int, float]] = [
        (column, site.pod_carbon_t_per_year) for column, site in zip(master.pods, instance.sites, strict=True)
    ]
    for column, path, unit in zip(master.x, instance.lightpaths, master.unit, strict=True):
        if column >= 0:
            for node, watts in instance.transceiver_watts(path):
                tonnes = instance.powers.at(instance.graph.nodes[node]).carbon_t_per_mw_year
                items.append((column, watts * float(unit) / 1e6 * tonnes))
    for segment, price in enumerate(instance.segment_prices):
        tonnes = price.line_mw * price.power.carbon_t_per_mw_year
        items.extend([(master.new_pairs[segment], tonnes), (master.lit_pairs[segment], tonnes)])
    programme.add_row(items, upper=limit, name="carbon")


def _conflict_rows(master: Master) -> None:
    """(9), and sites that a survivable failure always separates: at most one of each clique."""
    pairs = conflict_pairs(master.instance)
    for clique in conflict_cliques(pairs, len(master.instance.sites)):
        name = ",".join(master.instance.sites[site].site.site_id for site in clique)
        master.programme.add_row(((master.used[site], 1.0) for site in clique), upper=1.0, name=f"conflict[{name}]")


def linking_row(master: Master, lightpath: int, end: int) -> tuple[dict[int, float], float]:
    """x_l <= most_l o_i for one end of a lightpath: a closed site is no free relay. Row and its upper side (0)."""
    column = master.x[lightpath]
    site = int(master.instance.ends[lightpath, end])
    return {column: 1.0, master.used[site]: -master.programme.upper[column]}, 0.0


def lightpath_values(master: Master, values: Sequence[float] | Floats) -> Floats:
    """Capacity of every candidate in Gbit/s under a solution."""
    array = np.asarray(values, dtype=float)
    columns = np.array(master.x, dtype=np.int64)
    x = np.where(columns >= 0, array[np.maximum(columns, 0)], 0.0)
    return x * master.unit * master.instance.rate_gbps
