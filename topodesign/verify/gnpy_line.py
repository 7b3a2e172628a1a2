"""One transparent line as GNPy sees it: transmitter, and for each segment node, booster, spans with amplifiers behind.

Nothing is left to GNPy's automatic design: every amplifier has one type of fixed gain and noise figure, every gain is
given, and the elements are walked through in order. A node is a loss, which its booster makes up for; light comes to it
at the launch power of the segment behind, from the transmitter or from the preamplifier of the segment before. Every
other amplifier makes up the loss of its span and turns to the launch power of the next.

GNPy keeps simulation parameters for the whole process, changes the dictionaries that it is given, takes power away
where an amplifier saturates, and writes about it to a log only; so this runs in a process of its own
(:mod:`topodesign.verify.gnpy_process`), on fresh dictionaries, with powers read back and the log collected.

References
----------
A. Ferrari et al., "GNPy: an open source application for physical layer aware open optical networks", Journal of Optical
Communications and Networking 12 (6), 2020; the program: Telecom Infra Project, oopt-gnpy 3.0.
"""

import logging
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

BAND_TOP_HZ = 196.1875e12
"""Upper edge of the band: half a slot of 75 GHz above 196.15 THz, where GNPy's own example comb ends."""
ROLL_OFF = 0.15
"""Of the channels' spectrum; the analytic Gaussian-noise model takes channels as rectangular and does not read it."""
AMPLIFIER_EDGE_HZ = 0.2e12
"""What the amplifier's band reaches beyond the comb, so that no channel is filtered out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of fiber; ``launch_dbm`` is the power per channel behind the amplifier, before the input connector.

    Length in km, loss in dB/km, dispersion in ps/nm/km, effective area in um2, nonlinear index in m2/W;
    ``starts_segment``: a node and its booster stand in front.
    """

    length_km: float
    loss_db_per_km: float
    dispersion_ps_nm_km: float
    effective_area_um2: float
    nonlinear_index_m2_w: float
    launch_dbm: float
    starts_segment: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Spans in order under a comb of equal channels, with the one kind of amplifier; the first starts a segment.

    Symbol rate in GBd, spacing in GHz; ``connector_loss_db`` of a span, half of it at each end; noise figure in dB and
    greatest total output power of an amplifier in dBm; ``terminal_loss_db`` of every node.
    """

    spans: tuple[Span, ...]
    baud_gbd: float
    spacing_ghz: float
    channels: int
    connector_loss_db: float
    noise_figure_db: float
    max_total_power_dbm: float
    terminal_loss_db: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What GNPy finds at the end of a line, for the worst channel and without the transmitter's noise.

    GSNR and OSNR in dB in 0.1 nm; ``power_missing_db``: how far a channel was at most below the wanted power behind an
    amplifier, or 0; ``warnings`` as GNPy logged them.
    """

    gsnr_db: float
    osnr_db: float
    power_missing_db: float
    warnings: tuple[str, ...]


def propagate(line: Line) -> Reading:
    """Send the comb down the line in GNPy.

    Raises
    ------
    ImportError
        Without GNPy.
    """
    from gnpy.core.info import create_input_spectral_information
    from gnpy.core.parameters import SimParams
    from gnpy.tools.json_io import load_eqpt_topo_from_json

    SimParams.set_params({})  # the closed-form Gaussian-noise model, without Raman scattering
    stages = _stages(line)
    with _Log() as log:
        _, network = load_eqpt_topo_from_json(_equipment(line), _topology(stages))
        elements = {element.uid: element for element in network.nodes}
        lowest, highest = _first_and_last_hz(line)
        light = create_input_spectral_information(
            f_min=lowest,
            f_max=highest,
            roll_off=ROLL_OFF,
            baud_rate=line.baud_gbd * 1e9,
            spacing=line.spacing_ghz * 1e9,
            tx_osnr=100.0,  # read by GNPy's receiver only, which is not asked: the caller adds the transmitter
            tx_power=1e-3 * 10 ** (line.spans[0].launch_dbm / 10),
        )
        if light.number_of_channels != line.channels:
            raise RuntimeError(f"GNPy made {light.number_of_channels} channels of {line.channels}")
        missing = 0.0
        for stage in stages:
            element = elements[stage.record["uid"]]
            if stage.span is not None:
                element.ref_pch_in_dbm = stage.span.launch_dbm  # for GNPy's display only, yet it must be there
                # silica's index is built in; there is no key for another
                element.params._n2 = stage.span.nonlinear_index_m2_w
            light = element(light)
            if stage.wanted_dbm is not None:
                missing = max(missing, stage.wanted_dbm - float(min(light.pch_dbm)))
    return Reading(
        gsnr_db=float(min(light.opt_gsnr_db)),
        osnr_db=float(min(light.opt_snr_lin_db)),
        power_missing_db=missing,
        warnings=tuple(dict.fromkeys(log.lines)),
    )


def _first_and_last_hz(line: Line) -> tuple[float, float]:
    """Centers of the lowest and the highest channel of a comb that ends at the top of the band."""
    highest = BAND_TOP_HZ - line.spacing_ghz * 1e9 / 2
    return highest - (line.channels - 1) * line.spacing_ghz * 1e9, highest


def _equipment(line: Line) -> dict[str, Any]:
    """GNPy's equipment library: one amplifier, and the entries that its loader insists on."""
    lowest, highest = _first_and_last_hz(line)
    edge = line.spacing_ghz * 1e9 / 2 + AMPLIFIER_EDGE_HZ
    return {
        "Edfa": [
            {
                "type_variety": "fixed",
                "type_def": "fixed_gain",
                "gain_flatmax": 60,
                "gain_min": -60,  # GNPy pads an amplifier below its least gain, which worsens its noise figure
                "p_max": line.max_total_power_dbm,
                "nf0": line.noise_figure_db,
                "allowed_for_design": False,
                "f_min": lowest - edge,
                "f_max": highest + edge,
            }
        ],
        "Fiber": [{"type_variety": "fiber", "dispersion": 1.67e-5, "effective_area": 83e-12, "pmd_coef": 0.0}],
        "Span": [
            {
                "power_mode": False,
                "delta_power_range_db": [0, 0, 0],
                "max_fiber_lineic_loss_for_raman": 0,
                "target_extended_gain": 0,
                "max_length": 1000,
                "length_units": "km",
                "max_loss": 60,
                "padding": 0,
                "EOL": 0,
                "con_in": 0,
                "con_out": 0,
            }
        ],
        "Roadm": [
            {
                "type_variety": "default",
                "target_pch_out_db": 0,
                "add_drop_osnr": 100,
                "pmd": 0,
                "pdl": 0,
                "restrictions": {"preamp_variety_list": [], "booster_variety_list": []},
            }
        ],
        "SI": [
            {
                "f_min": lowest,
                "f_max": highest,
                "baud_rate": line.baud_gbd * 1e9,
                "spacing": line.spacing_ghz * 1e9,
                "power_dbm": line.spans[0].launch_dbm,
                "power_range_db": [0, 0, 1],
                "roll_off": ROLL_OFF,
                "tx_osnr": 100,
                "sys_margins": 0,
            }
        ],
        "Transceiver": [],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stage:
    """An element of GNPy's on the way; ``span`` of a fiber, ``wanted_dbm`` per channel behind an amplifier."""

    record: dict[str, Any]
    span: Span | None = None
    wanted_dbm: float | None = None


def _stages(line: Line) -> list[_Stage]:
    """The elements in the order of the light."""
    launches = [span.launch_dbm for span in line.spans]
    stages: list[_Stage] = []
    for number, (span, next_dbm) in enumerate(zip(line.spans, [*launches[1:], launches[-1]], strict=True), start=1):
        if span.starts_segment:
            booster = _amplifier(f"booster {number}", gain_db=line.terminal_loss_db)
            stages.append(_Stage(record=_node(f"node {number}", loss_db=line.terminal_loss_db)))
            stages.append(_Stage(record=booster, wanted_dbm=span.launch_dbm))
        loss = span.loss_db_per_km * span.length_km + line.connector_loss_db
        fiber = _fiber(f"span {number}", span, connector_loss_db=line.connector_loss_db)
        stages.append(_Stage(record=fiber, span=span))
        behind = _amplifier(f"amplifier {number}", gain_db=loss + next_dbm - span.launch_dbm)
        stages.append(_Stage(record=behind, wanted_dbm=next_dbm))
    return stages


def _topology(stages: list[_Stage]) -> dict[str, Any]:
    """GNPy's topology of the elements, between two transceivers."""
    ends = [{"uid": name, "type": "Transceiver", "metadata": _place()} for name in ("transmitter", "receiver")]
    order = ["transmitter", *(stage.record["uid"] for stage in stages), "receiver"]
    connections = [{"from_node": before, "to_node": after} for before, after in pairwise(order)]
    return {"elements": [*(stage.record for stage in stages), *ends], "connections": connections}


def _node(name: str, *, loss_db: float) -> dict[str, Any]:
    """A loss and nothing else: GNPy's ROADM would level channels, which the closed form takes as level anyway."""
    return {"uid": name, "type": "Fused", "params": {"loss": loss_db}, "metadata": _place()}


def _amplifier(name: str, *, gain_db: float) -> dict[str, Any]:
    operational = {"gain_target": gain_db, "tilt_target": 0.0, "out_voa": 0.0, "in_voa": 0.0, "delta_p": None}
    return {
        "uid": name,
        "type": "Edfa",
        "type_variety": "fixed",
        "operational": operational,
        "metadata": _place(),
    }


def _fiber(name: str, span: Span, *, connector_loss_db: float) -> dict[str, Any]:
    return {
        "uid": name,
        "type": "Fiber",
        "type_variety": "fiber",
        "params": {
            "length": span.length_km,
            "length_units": "km",
            "loss_coef": span.loss_db_per_km,
            "att_in": 0.0,
            "con_in": connector_loss_db / 2,
            "con_out": connector_loss_db / 2,
            "dispersion": span.dispersion_ps_nm_km * 1e-6,  # s/m^2
            "effective_area": span.effective_area_um2 * 1e-12,
            "pmd_coef": 0.0,
        },
        "metadata": _place(),
    }


def _place() -> dict[str, Any]:
    return {"location": {"city": "", "region": "", "latitude": 0, "longitude": 0}}


class _Log(logging.Handler):
    """Collects what GNPy warns of while the context is open."""

    def __init__(self) -> None:
        super().__init__(level=logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(" ".join(record.getMessage().split()))

    def __enter__(self) -> "_Log":
        logger = logging.getLogger("gnpy")
        logger.propagate = False
        logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        logging.getLogger("gnpy").removeHandler(self)
