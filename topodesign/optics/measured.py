"""Reaches that were measured, and what they decide: formulation (11a).

A measured reach, of a mode of the catalogue or of a scenario's row for a mode and a fiber, stands in place of the line
model: every kilometer of that fiber takes its share of the reach, and a stretch holds while the shares add up to at
most one. Whatever limits the light (noise, dispersion, spans) is in the measurement, so nothing else is asked, and no
margin is added. Fiber without a measured reach takes its share of the noise that the mode tolerates.
"""

from collections.abc import Sequence

from topodesign.domain.equipment import Catalog, TransceiverMode
from topodesign.domain.scenario import MeasuredReach, OpticsRules

ROUNDING = 1e-12
"""What shares that make exactly one may differ from it by in floating-point arithmetic."""


class MeasuredReaches:
    """Reach in km for each mode and fiber that has one: a scenario's row, else that of the mode.

    Raises
    ------
    NotFound
        When a row names a mode or fiber that the catalogue does not have.
    """

    def __init__(self, catalog: Catalog, rows: Sequence[MeasuredReach] = ()) -> None:
        self._rows = {
            (catalog.transceiver(row.mode).id, catalog.fiber(row.fiber_type).id): row.reach_km for row in rows
        }

    def reach_km(self, mode: TransceiverMode, fiber_type: str) -> float | None:
        """Measured reach of a mode on a fiber; ``None``: the line model decides."""
        return self._rows.get((mode.id, fiber_type), mode.reach_km)


def measured_assumptions(
    modes: Sequence[TransceiverMode], rules: OpticsRules, rows: Sequence[MeasuredReach]
) -> tuple[str, ...]:
    """What a plan with these modes and rows rests on, in words."""
    told = [f"transceiver modes are those of the catalogue {rules.catalog!r} (optics.catalog)"]
    if any(mode.reach_km is not None for mode in modes):
        told.append(
            "modes with a reach in the catalogue carry light over a transparent stretch of up to that length, on "
            "every kind of fiber; their reach was measured, so optics.margin_db is not added, and GSNR and margin by "
            "the line model are for information"
        )
    used = [row for row in rows if any(mode.id == row.mode for mode in modes)]
    if used:
        named = ", ".join(f"{row.mode} on {row.fiber_type} {row.reach_km:g} km" for row in used)
        told.append(
            f"measured reaches of the scenario decide in place of GSNR, without optics.margin_db: {named}; on a "
            "stretch of several fibers the shares of reach add up"
        )
    return tuple(told)
