"""The ladder of reach: how far every mode goes over equal spans of one kind of fiber."""

from dataclasses import dataclass

from topodesign.domain.equipment import ModeCatalog
from topodesign.domain.scenario import Band


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachRow:
    """One mode: its reach in km in whole spans, or as measured; 0: not one span.

    ``gsnr_db`` and ``margin_db`` are after one span, worst channel of a band full of the mode, in 0.1 nm, transmitter
    included; the margin is above the required OSNR. ``pair_gbps`` is what a full fiber pair carries, one direction.
    """

    mode: str
    rate_gbps: float
    width_ghz: float
    reach_km: float
    is_measured: bool
    gsnr_db: float
    margin_db: float
    pair_gbps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachTable:
    """Rows in falling order of rate, then by width; ``margin_db`` is what a mode keeps above its required OSNR."""

    fiber: str
    span_km: float
    margin_db: float
    band: Band
    catalog: ModeCatalog
    rows: tuple[ReachRow, ...]
    assumptions: tuple[str, ...]
