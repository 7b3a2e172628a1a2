"""What power zones can be colored by: headroom in use, carbon intensity, price of energy."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from topodesign.outputs.features import Feature
from topodesign.outputs.round_numbers import round_number


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneMeasure:
    """A property of zones with the values at which its ramp begins and ends, in its unit (a share has ``1``)."""

    key: str
    title: str
    name: str
    unit: str
    low: float
    high: float
    opacity: float

    def written(self, value: float) -> str:
        """A value as the legend writes it below its ramp."""
        return f"{100 * value:g} %" if self.unit == "1" else f"{value:,g}"


IDLE_OPACITY = 0.2
"""Zones of which the plan uses nothing stay pale while headroom is shown."""

HEADROOM = ZoneMeasure(
    key="headroom", title="Headroom used", name="used_share", unit="1", low=0.0, high=1.0, opacity=0.5
)


def zone_measures(zones: Sequence[Feature]) -> tuple[ZoneMeasure, ...]:
    """The measures of the zones on a map; carbon and price run from the least to the most, rounded outward."""
    shown = [feature for feature in zones if feature["geometry"] is not None]
    return (
        HEADROOM,
        _spread("carbon", "Carbon intensity", "g/kWh", "carbon_g_per_kwh", shown),
        _spread("price", "Energy price", "USD/MWh", "energy_usd_per_mwh", shown),
    )


def _spread(key: str, title: str, unit: str, name: str, zones: Sequence[Feature]) -> ZoneMeasure:
    values = [zone["properties"][name] for zone in zones]
    low, high = ends_around(min(values, default=0.0), max(values, default=1.0))
    return ZoneMeasure(key=key, title=title, name=name, unit=unit, low=low, high=high, opacity=0.55)


def ends_around(least: float, most: float) -> tuple[float, float]:
    """Round numbers around two values, never the same one twice."""
    step = round_number(max((most - least) / 4, abs(most) / 40, 0.1))
    low, high = math.floor(least / step) * step, math.ceil(most / step) * step
    return (low, high) if high > low else (low, low + step)
