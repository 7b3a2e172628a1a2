"""One optical link on its own: what is asked of it, and which modes carry light over it."""

from dataclasses import dataclass
from typing import get_args

from topodesign.domain.checks import require, require_id, require_number, require_one_of
from topodesign.domain.equipment import ModeCatalog
from topodesign.domain.ranges import MOST_GBPS, MOST_PAIRS, MOST_UNIT_USD

MOST_SPANS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRequest:
    """A line of one kind of fiber, and the comb whose GSNR is asked for.

    Parameters
    ----------
    length_km : float
        In (0, 40,000].
    spans_km : tuple of float
        Lengths of the spans in order, which add up to ``length_km``; empty: equal ones of at most 80 km.
    fiber : str
        Id in the catalogue.
    rate_gbps : float, optional
        Only modes of this rate; default all.
    baud_gbd, grid_ghz, channels
        The comb: symbol rate, spacing, and number of channels (default: as many as the C band holds).
    launch_dbm : float, optional
        Power per channel into every span; default the best for each span that the amplifiers can give.
    noise_figure_db : float, optional
        Of every amplifier; default that of the catalogue's C-band line system.
    connector_db : float, optional
        Loss of one connector, of which a span has two; default half of that line system's loss for a span.
    tx_osnr_db : float
        Of the comb's transmitter in 0.1 nm; modes have their own.
    margin_db : float
        That a mode must keep above its required OSNR.
    capacity_gbps : float, optional
        Gbit/s that the link is to carry in each direction; default: it is not sized.
    usd_per_pair_km : float
        Price of a fiber pair in US dollars per km; default as for the segments of a scenario, indicative.
    catalog : {"standard", "flexwan"}
        Set of coherent modes; FlexWAN's have measured reaches. Grey optics are looked at beside either.
    pairs_available : int, optional
        Fiber pairs on offer: a mode that needs more for the capacity is not the cheapest. Default: no limit.
    terminal_db : float, optional
        Loss of the ROADM or multiplexers in front of the booster, with which modes are judged; default that of the
        catalogue's C-band line system.

    Raises
    ------
    InvalidInput
        When a figure is not finite or out of range, or the spans do not add up.
    """

    length_km: float
    spans_km: tuple[float, ...] = ()
    fiber: str = "ssmf"
    rate_gbps: float | None = None
    baud_gbd: float = 59.84
    grid_ghz: float = 75.0
    channels: int | None = None
    launch_dbm: float | None = None
    noise_figure_db: float | None = None
    connector_db: float | None = None
    tx_osnr_db: float = 37.0
    margin_db: float = 3.0
    capacity_gbps: float | None = None
    usd_per_pair_km: float = 2000.0
    catalog: ModeCatalog = "standard"
    pairs_available: int | None = None
    terminal_db: float | None = None

    def __post_init__(self) -> None:
        require_number(
            self.length_km, field="length_km", above=0, at_most=40_000, remedy="give the fiber's length in km"
        )
        require_id(self.fiber, field="fiber")
        count = len(self.spans_km)
        limit = f"at most {MOST_SPANS} spans"
        require(count <= MOST_SPANS, field="spans_km", value=count, limit=limit, remedy="give fewer")
        for span in self.spans_km:
            require_number(span, field="spans_km", above=0, remedy="every span has a length in km")
        total = sum(self.spans_km)
        require(
            not self.spans_km or abs(total - self.length_km) <= 1e-6 * self.length_km,
            field="spans_km",
            value=total,
            limit=f"length_km, {self.length_km:g}, in all",
            remedy="correct the spans or the length",
        )
        if self.rate_gbps is not None:
            require_number(self.rate_gbps, field="rate_gbps", above=0)
        require_number(self.baud_gbd, field="baud_gbd", at_least=0.1, at_most=1000)
        require_number(
            self.grid_ghz, field="grid_ghz", at_least=self.baud_gbd, at_most=10_000, remedy="channels must not overlap"
        )
        if self.channels is not None:
            whole = isinstance(self.channels, int)
            require(whole, field="channels", value=self.channels, limit="a whole number", remedy="give a count")
            require_number(self.channels, field="channels", at_least=1, at_most=10_000)
        for name, value, most in (
            ("launch_dbm", self.launch_dbm, 40),
            ("noise_figure_db", self.noise_figure_db, 20),
            ("connector_db", self.connector_db, 5),
            ("terminal_db", self.terminal_db, 40),
        ):
            if value is not None:
                require_number(value, field=name, at_least=-100 if name == "launch_dbm" else 0, at_most=most)
        require_number(self.tx_osnr_db, field="tx_osnr_db", above=0, at_most=100)
        require_number(self.margin_db, field="margin_db", at_least=0, at_most=30)
        if self.capacity_gbps is not None:
            # less than any lightpath by far, and more than what a whole number of them is rounded by
            require_number(self.capacity_gbps, field="capacity_gbps", at_least=0.001, at_most=MOST_GBPS)
        require_number(self.usd_per_pair_km, field="usd_per_pair_km", at_least=0, at_most=MOST_UNIT_USD)
        require_one_of(self.catalog, get_args(ModeCatalog), field="catalog")
        if self.pairs_available is not None:
            require_number(self.pairs_available, field="pairs_available", at_least=0, at_most=MOST_PAIRS)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSize:
    """What a capacity takes in one mode: ``transceivers`` at both ends, ``amplifiers`` counted per fiber pair.

    Costs are purchase only, without energy, and indicative; power is of transceivers, terminals and amplifiers.
    """

    lightpaths: int
    fiber_pairs: int
    transceivers: int
    amplifiers: int
    transceiver_usd: float
    line_usd: float
    fiber_usd: float
    cost_usd: float
    power_w: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkMode:
    """What one mode does on the link, its own comb filling the band.

    ``gsnr_db`` is of the worst channel in 0.1 nm, terminal and transmitter included; ``margin_db`` is that less the
    required OSNR; ``reach_km`` the longest line of such spans that the mode holds on (0: not one span). ``reasons`` say
    why it is not feasible. ``latency_ms`` is one way, transceivers included. Cost (indicative) and power are of both
    ends' modules; ``pair_gbps`` is what a fiber pair full of the mode carries, one direction. ``size`` is for the
    capacity asked for; ``None`` where none was, or the mode is not feasible. ``lightpath_usd`` is one lightpath on a
    full pair: both modules and its share of line system and fiber. ``is_measured``: the mode's reach was measured and
    decides alone, while GSNR and margin are for information.
    """

    name: str
    rate_gbps: float
    width_ghz: float
    gsnr_db: float
    required_osnr_db: float
    margin_db: float
    reach_km: float
    feasible: bool
    reasons: tuple[str, ...]
    latency_ms: float
    cost_usd: float
    power_w: float
    pair_gbps: float
    size: LinkSize | None = None
    lightpath_usd: float = 0.0
    is_measured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GreyMode:
    """What a grey optic does on the link: whole fibers from end to end, no line system.

    ``fiber_pairs`` are those that one module takes, ``pair_gbps`` what one of them carries. The other figures are as in
    :class:`LinkMode`; ``lightpath_usd`` counts both modules and all the fiber.
    """

    name: str
    rate_gbps: float
    fiber_pairs: int
    reach_km: float
    feasible: bool
    reasons: tuple[str, ...]
    latency_ms: float
    cost_usd: float
    power_w: float
    pair_gbps: float
    lightpath_usd: float
    size: LinkSize | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkDesign:
    """A link, evaluated.

    ``gsnr_db`` and ``osnr_db`` are of the line alone, without terminals, worst channel of the requested comb, in
    0.1 nm; ``gsnr_with_tx_db`` counts the transmitter. ``launch_dbm`` is the power per channel into each span;
    ``launch_is_capped``: the amplifiers' total power holds one of them below the best. ``latency_ms`` is one way, the
    fiber only. Line cost (indicative) and power are of one fiber pair: terminals and amplifiers. ``best`` names for
    every rate the feasible mode, coherent or grey, whose lightpath on a full pair costs least, ties by power, then by
    spectrum; ``cheapest`` is the mode of least cost for the capacity asked for on the pairs on offer, if any; both are
    compared exactly. ``explanation`` says them in words.
    """

    length_km: float
    fiber: str
    spans: tuple[float, ...]
    amplifiers: int
    gsnr_db: float
    gsnr_with_tx_db: float
    osnr_db: float
    launch_dbm: tuple[float, ...]
    launch_is_capped: bool
    dispersion_ps_nm: float
    pmd_ps: float
    latency_ms: float
    line_cost_usd: float
    line_power_w: float
    modes: tuple[LinkMode, ...]
    best: tuple[str, ...]
    cheapest: str | None
    explanation: tuple[str, ...]
    assumptions: tuple[str, ...]
    grey_modes: tuple[GreyMode, ...] = ()
