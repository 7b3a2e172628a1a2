"""Power and place: what a megawatt feeds, and how much of a year a zone feeds it.

A zone is up with the probability A, and takes flexible load off for h hours of the year; the firm share f of the load
runs on. Accelerators there have power for A (1 - (1 - f) h / 8760) of the year, outages falling on curtailed hours no
more often than on others.
"""

import math
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from topodesign.domain.durations import HOURS_PER_YEAR
from topodesign.domain.energy import RunningShare
from topodesign.domain.errors import InvalidInput
from topodesign.domain.scenario import PowerZone
from topodesign.training.checked_arrays import Floats, checked_array


def facility_w(it_w: ArrayLike, pue: ArrayLike) -> Floats:
    """Watts at the meter of equipment that draws ``it_w`` watts: it_w x pue, for a PUE of at least 1."""
    return checked_array(it_w, field="it_w", at_least=0) * checked_array(pue, field="pue", at_least=1)


def all_in_it_w(server_w: ArrayLike, *, network_and_storage_factor: ArrayLike = 1.0) -> Floats:
    """IT watts of an accelerator with its share of spine network and storage: server_w x factor.

    The factor is at least 1; 1.08 to 1.30, median 1.14, over published clusters (Epoch AI, 2026).
    """
    server = checked_array(server_w, field="server_w", above=0)
    return server * checked_array(network_and_storage_factor, field="network_and_storage_factor", at_least=1)


def accelerators_for_mw(power_mw: ArrayLike, *, all_in_w: ArrayLike, pue: ArrayLike) -> NDArray[np.int64]:
    """Whole accelerators that ``power_mw`` MW at the meter feed: floor(10^6 power_mw / (pue x all_in_w)).

    Parameters
    ----------
    power_mw : array_like of float
        At least 0.
    all_in_w : array_like of float
        IT watts per accelerator, above 0.
    pue : array_like of float
        At least 1.

    Raises
    ------
    InvalidInput
        For a figure out of its range.
    """
    watts = facility_w(checked_array(all_in_w, field="all_in_w", above=0), pue)
    return np.floor(checked_array(power_mw, field="power_mw", at_least=0) * 1e6 / watts).astype(np.int64)


def hours_down_per_year(availability: ArrayLike) -> Floats:
    """8760 x (1 - availability): hours of an average year in which a zone or site is down."""
    return HOURS_PER_YEAR * (1 - checked_array(availability, field="availability", at_least=0, at_most=1))


def powered_share(availability: ArrayLike, *, curtailed_h: ArrayLike = 0.0, firm_share: ArrayLike = 0.0) -> Floats:
    """Share of a year in which accelerators of a zone have power, by the module's formula; in [0, 1].

    Parameters
    ----------
    availability, firm_share : array_like of float
        In [0, 1].
    curtailed_h : array_like of float
        Hours of the year, in [0, 8760].

    Raises
    ------
    InvalidInput
        For a figure out of its range.
    """
    up = checked_array(availability, field="availability", at_least=0, at_most=1)
    hours = checked_array(curtailed_h, field="curtailed_h", at_least=0, at_most=HOURS_PER_YEAR)
    firm = checked_array(firm_share, field="firm_share", at_least=0, at_most=1)
    return np.asarray(up * (1 - (1 - firm) * hours / HOURS_PER_YEAR))


def running_share(zones: Mapping[str, PowerZone], accelerators: Mapping[str, float]) -> RunningShare:
    """Share of a year in which a plan's accelerators have power, zone by zone and in all.

    Parameters
    ----------
    zones : mapping of str to PowerZone
        By id; with their availability, hours of curtailment and firm share.
    accelerators : mapping of str to float
        Accelerators in each used zone, at least 0, some above 0.

    Raises
    ------
    InvalidInput
        Without accelerators (``NO_SITES``), or for an id that names no zone (``REFERENCE_UNKNOWN``).
    """
    _require_zones(accelerators, zones)
    counts = checked_array(list(accelerators.values()), field="accelerators", at_least=0)
    if counts.sum() == 0:
        raise InvalidInput(
            "no zone has accelerators, so no share of them can run; place some", reason="NO_SITES", field_path="sites"
        )
    by_zone: dict[str, float] = {}
    whole: list[float] = []
    for zone_id in sorted(accelerators):
        zone = zones[zone_id]
        up, hours = zone.availability, zone.curtailed_hours_per_year
        by_zone[zone_id] = float(powered_share(up, curtailed_h=hours, firm_share=zone.firm_share))
        if accelerators[zone_id] > 0:
            whole.append(float(powered_share(up, curtailed_h=hours if zone.firm_share < 1 else 0.0)))
    mean = math.fsum(accelerators[zone_id] * share for zone_id, share in by_zone.items()) / float(counts.sum())
    return RunningShare(
        by_zone=by_zone,
        mean=mean,
        all_zones=math.prod(whole),
        all_zones_lower=max(0.0, 1 - math.fsum(1 - share for share in whole)),
        all_zones_upper=min(whole),
    )


def _require_zones(named: Iterable[str], zones: Mapping[str, PowerZone]) -> None:
    for zone_id in named:
        if zone_id not in zones:
            raise InvalidInput(
                f"zone {zone_id!r} does not exist; known: {', '.join(sorted(zones))}",
                reason="REFERENCE_UNKNOWN",
                field_path="zones",
                metadata={"id": zone_id},
            )
