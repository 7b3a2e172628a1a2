"""GNPy as judge: every lightpath of a plan propagated a second time, by a program that others wrote.

The spans, terminals, launch powers and the full comb are those that formulation (11) takes; the transmitter's OSNR is
added to what GNPy finds for the line. A regenerated lightpath is judged stretch by stretch. Beside our closed form,
GNPy follows attenuated power and accumulated noise from span to span, nonlinearity and photon energy over frequency; so
it ends some hundredths to two tenths of a dB lower.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version

from topodesign.domain.equipment import Catalog, TransceiverMode
from topodesign.domain.plan import Plan, Verification, Violation
from topodesign.domain.scenario import FiberSegment, Scenario
from topodesign.verify.evidence import Evidence, Route
from topodesign.verify.fiber import span_count
from topodesign.verify.finding import found
from topodesign.verify.gnpy_line import Line, Reading, Span
from topodesign.verify.gnpy_process import read_apart, require_gnpy
from topodesign.verify.reach import comb_of, holds_as_measured, segment_launch_dbm, stretch_gsnr_db
from topodesign.verify.tolerance import REACH_DB
from topodesign.verify.verifier import gather

GNPY_RULE = "gnpy_gsnr"

POWER_MISSING_DB = 0.02
"""From here on it is told that an amplifier gave less power than the plan counts with; below, it is arithmetic."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchJudgement:
    """One transparent stretch: GSNR in dB in 0.1 nm, worst channel, transmitter included, ours and GNPy's.

    ``difference_db`` is GNPy's less ours, ``required_db`` the mode's required OSNR plus the margin of the rules.
    ``is_measured``: a measured reach decides, which GNPy's GSNR is reported beside and cannot dispute.
    """

    segments: tuple[str, ...]
    fiber_types: tuple[str, ...]
    spans: int
    gsnr_db: float
    gnpy_gsnr_db: float
    difference_db: float
    required_db: float
    is_feasible: bool
    gnpy_is_feasible: bool
    is_measured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LightpathJudgement:
    """A lightpath by its ``id`` (JSON path in the plan); its figures are those of the stretch that GNPy likes least.

    ``is_measured``: measured reaches decide on a stretch of it.
    """

    id: str
    a: str
    z: str
    mode: str
    gsnr_db: float
    gnpy_gsnr_db: float
    difference_db: float
    required_db: float
    is_feasible: bool
    gnpy_is_feasible: bool
    stretches: tuple[StretchJudgement, ...]
    is_measured: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What GNPy finds for a whole plan.

    ``largest_difference_db`` keeps its sign and is ``None`` without lightpaths; ``disputed`` are the ids of lightpaths
    that we call feasible and GNPy does not; ``lines`` counts the distinct lines that were propagated; ``warnings`` are
    GNPy's own and those on missing power.
    """

    gnpy_version: str
    lines: int
    largest_difference_db: float | None
    largest_difference_id: str | None
    disputed: tuple[str, ...]
    lightpaths: tuple[LightpathJudgement, ...]
    warnings: tuple[str, ...]


def judge_plan(scenario: Scenario, plan: Plan, *, catalog: Catalog) -> Judgement:
    """Have GNPy judge every lightpath of a plan whose ids and route make sense; the verifier reports the others.

    Parameters
    ----------
    scenario, plan, catalog
        As for :func:`topodesign.verify.verify_plan`.

    Returns
    -------
    Judgement

    Raises
    ------
    NotFound
        When GNPy is not installed (``EXTRA_NOT_INSTALLED``).
    InternalError
        When GNPy fails (``GNPY_FAILED``).
    """
    require_gnpy()
    evidence = gather(scenario, plan, catalog)
    lines = {
        (route.label, number): line_of(evidence, route.mode, stretch)
        for route in evidence.routes
        for number, stretch in enumerate(route.stretches)
    }
    distinct = tuple(dict.fromkeys(lines.values()))
    readings = dict(zip(distinct, read_apart(distinct), strict=True))
    lightpaths = tuple(
        _judge_lightpath(
            route,
            tuple(
                _judge_stretch(evidence, route.mode, stretch, readings[lines[route.label, number]])
                for number, stretch in enumerate(route.stretches)
            ),
        )
        for route in evidence.routes
    )
    differences = [(stretch.difference_db, path.id) for path in lightpaths for stretch in path.stretches]
    largest, where = max(differences, key=lambda item: abs(item[0]), default=(None, None))
    return Judgement(
        gnpy_version=version("gnpy"),
        lines=len(distinct),
        largest_difference_db=largest,
        largest_difference_id=where,
        disputed=tuple(path.id for path in lightpaths if any(_is_disputed(stretch) for stretch in path.stretches)),
        lightpaths=lightpaths,
        warnings=tuple(dict.fromkeys(text for reading in readings.values() for text in _warnings(reading))),
    )


def with_judgement(verification: Verification, judgement: Judgement) -> Verification:
    """The verifier's finding with a violation for every stretch that GNPy does not call feasible."""
    violations = verification.violations + tuple(_violations(judgement))
    return replace(verification, valid=not violations, violations=violations, checks=(*verification.checks, GNPY_RULE))


def line_of(evidence: Evidence, mode: TransceiverMode, stretch: Sequence[FiberSegment]) -> Line:
    """The stretch as GNPy is given it: a terminal in front of each segment, equal spans at their best launch power."""
    comb, system = comb_of(evidence, mode), evidence.line_system
    spans: list[Span] = []
    for segment in stretch:
        fiber = evidence.catalog.fiber(segment.fiber_type)
        count = span_count(segment.length_km, evidence.scenario.optics.span_km)
        span = Span(
            length_km=segment.length_km / count,
            loss_db_per_km=fiber.loss_db_per_km,
            dispersion_ps_nm_km=fiber.dispersion_ps_nm_km,
            effective_area_um2=fiber.effective_area_um2,
            nonlinear_index_m2_w=fiber.nonlinear_index_m2_w,
            launch_dbm=segment_launch_dbm(evidence, mode, segment),
        )
        spans += [replace(span, starts_segment=True), *[span] * (count - 1)]
    return Line(
        spans=tuple(spans),
        baud_gbd=mode.baud_gbd,
        spacing_ghz=comb.spacing_hz / 1e9,
        channels=comb.channels,
        connector_loss_db=system.connector_loss_db,
        noise_figure_db=system.noise_figure_db,
        max_total_power_dbm=system.max_total_power_dbm,
        terminal_loss_db=system.terminal_loss_db,
    )


def _judge_stretch(
    evidence: Evidence, mode: TransceiverMode, stretch: Sequence[FiberSegment], reading: Reading
) -> StretchJudgement:
    ours = stretch_gsnr_db(evidence, mode, stretch)
    theirs = -10 * math.log10(10 ** (-reading.gsnr_db / 10) + 10 ** (-mode.tx_osnr_db / 10))
    need = mode.required_osnr_db + evidence.scenario.optics.margin_db
    measured = holds_as_measured(evidence, mode, stretch)
    return StretchJudgement(
        segments=tuple(segment.segment_id for segment in stretch),
        fiber_types=tuple(dict.fromkeys(segment.fiber_type for segment in stretch)),
        spans=sum(span_count(segment.length_km, evidence.scenario.optics.span_km) for segment in stretch),
        gsnr_db=ours,
        gnpy_gsnr_db=theirs,
        difference_db=theirs - ours,
        required_db=need,
        is_feasible=ours >= need - REACH_DB if measured is None else measured,
        gnpy_is_feasible=theirs >= need - REACH_DB,
        is_measured=measured is not None,
    )


def _judge_lightpath(route: Route, stretches: tuple[StretchJudgement, ...]) -> LightpathJudgement:
    worst = min(stretches, key=lambda stretch: stretch.gnpy_gsnr_db)
    return LightpathJudgement(
        id=route.label,
        a=route.stated.a,
        z=route.stated.z,
        mode=route.mode.id,
        gsnr_db=worst.gsnr_db,
        gnpy_gsnr_db=worst.gnpy_gsnr_db,
        difference_db=worst.difference_db,
        required_db=worst.required_db,
        is_feasible=all(stretch.is_feasible for stretch in stretches),
        gnpy_is_feasible=all(stretch.gnpy_is_feasible for stretch in stretches),
        stretches=stretches,
        is_measured=any(stretch.is_measured for stretch in stretches),
    )


def _is_disputed(stretch: StretchJudgement) -> bool:
    return stretch.is_feasible and not stretch.gnpy_is_feasible and not stretch.is_measured


def _warnings(reading: Reading) -> Iterator[str]:
    yield from reading.warnings
    if reading.power_missing_db > POWER_MISSING_DB:
        yield f"an amplifier of GNPy's gives {reading.power_missing_db:.2f} dB less power than the plan counts with"


def _violations(judgement: Judgement) -> Iterator[Violation]:
    for lightpath in judgement.lightpaths:
        for stretch in lightpath.stretches:
            if not stretch.gnpy_is_feasible and not stretch.is_measured:
                yield found(
                    GNPY_RULE,
                    lightpath.id,
                    f"GSNR by GNPy over {' > '.join(stretch.segments)} with {lightpath.mode} is "
                    f"{stretch.gnpy_gsnr_db:.3f} dB (ours: {stretch.gsnr_db:.3f} dB), below the "
                    f"{stretch.required_db:.3f} dB needed, margin included",
                    value=stretch.gnpy_gsnr_db,
                    limit=stretch.required_db,
                    unit="dB",
                    remedy="use a more robust mode, a shorter route, regeneration, or a larger optics.margin_db",
                )
