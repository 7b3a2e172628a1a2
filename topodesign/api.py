"""The library's main calls, each wiring rooms together; ``import topodesign`` offers them."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from topodesign.catalog import load_catalog
from topodesign.domain.equipment import Accelerator, Equipment, EquipmentKind, TransceiverMode
from topodesign.domain.explanation import Explanation
from topodesign.domain.goodput_request import GoodputEstimate, GoodputRequest, goodput_request
from topodesign.domain.link import LinkDesign, LinkRequest
from topodesign.domain.link_options import link_request
from topodesign.domain.plan import Objective, Plan, PlanEvent, SolveLimits
from topodesign.domain.reach_table import ReachTable
from topodesign.domain.scenario import MeasuredReach, OpticsRules, Scenario
from topodesign.domain.training import TrainingEstimate
from topodesign.domain.training_model import TrainingModel

DEFAULT_LIMITS = SolveLimits()


def plan(
    scenario: Scenario,
    *,
    time_limit_s: float = DEFAULT_LIMITS.time_limit_s,
    gap: float = DEFAULT_LIMITS.gap,
    seed: int = DEFAULT_LIMITS.seed,
    threads: int = DEFAULT_LIMITS.threads,
    objective: Objective | None = None,
    start: Plan | None = None,
    on_progress: Callable[[PlanEvent], object] | None = None,
    should_stop: Callable[[], bool] | None = None,
    on_plan: Callable[[Plan], object] | None = None,
) -> Plan:
    """Place clusters and size the optical links; verify the plan, compare fabrics and training on it, and say how
    available it is.

    Parameters
    ----------
    scenario : Scenario
    time_limit_s : float
        Seconds, model building included.
    gap : float
        Relative gap at which to stop: 0.001 means within 0.1 % of the proven bound.
    seed : int
        Same input, seed and versions give the same plan when the gap stops the search.
    threads : int
        Most threads to use.
    objective : {"cost", "accelerators", "sync-time", "effective-flops"}, optional
        By default what the scenario asks for: with ``size.budget_usd`` the most accelerators that the budget buys, with
        ``policy.budget_usd`` the least sync time, otherwise the least cost. ``effective-flops`` goes with
        ``size.budget_usd``: accelerators and the bandwidth between them, such that most FLOP/s go into training.
    start : Plan, optional
        An earlier plan to begin from, of this or a similar scenario.
    on_progress : callable, optional
        Receives a :class:`PlanEvent` for every new phase, incumbent and bound.
    should_stop : callable, optional
        Asked about 20 times a second; when true the best plan so far is returned (``stopped_by`` ``cancelled``).
    on_plan : callable, optional
        Receives the best plan so far, verified, for whoever may have to end the process before it returns: the first
        soon after there is one, better ones so seldom that they take 5 % of the search at most, the last one before
        the evaluation. As of a cancelled search (``stopped_by``): without fabrics, availability and training.

    Returns
    -------
    Plan
        ``status`` says whether it is ``optimal``, ``feasible``, ``infeasible`` (with the reason) or ``limit``.

    Raises
    ------
    InvalidInput
        For limits out of range, or an objective that the scenario's target does not go with.
    VerificationFailed
        When the independent verifier rejects the plan: a defect of ours.
    """
    from topodesign.making import plan_within

    limits = SolveLimits(time_limit_s=time_limit_s, gap=gap, seed=seed, threads=threads, objective=objective)
    return plan_within(scenario, limits, start=start, on_progress=on_progress, should_stop=should_stop, on_plan=on_plan)


def explain(
    scenario: Scenario,
    plan: Plan,
    *,
    time_limit_s: float = 300.0,
    most_sites: int = 8,
    about: Collection[str] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Explanation:
    """What binds a plan of least cost, what a step more of each binding limit saves, and what unused sites would cost.

    Parameters
    ----------
    scenario : Scenario
    plan : Plan
        A plan of that scenario.
    time_limit_s : float
        Seconds for all re-solves together.
    most_sites : int
        Unused sites to look at, those whose pods are cheapest first.
    about : collection of str, optional
        Look at these alone: ids of sites (used ones too), zones and segments, and names of limits.
    should_stop : callable, optional
        When true, what was found so far is returned.

    Raises
    ------
    InvalidInput
        For a plan without sites, or one made under a budget.
    """
    from topodesign.planning.explaining import explain_plan

    return explain_plan(
        scenario,
        plan,
        time_limit_s=time_limit_s,
        most_sites=most_sites,
        about=about,
        should_stop=should_stop or (lambda: False),
    )


def design_link(length_km: float | LinkRequest, **options: Any) -> LinkDesign:
    """One optical link on its own: GSNR of its line; margin, reach, cost and power of every mode on it.

    Parameters
    ----------
    length_km : float or LinkRequest
        Length of the fiber in km, or the whole request.
    **options
        Further fields of :class:`~topodesign.domain.link.LinkRequest`, in place of those of a request given.

    Raises
    ------
    InvalidInput
        For figures that are out of range or do not fit together; ``field_path`` names the request's field.
    NotFound
        For a fiber that the catalogue does not have.
    """
    from topodesign.optics.link_design import design_link as design

    return design(link_request(length_km, options), load_catalog())


def list_modes(*, rate_gbps: float | None = None) -> tuple[TransceiverMode, ...]:
    """The transceiver modes of the catalogue, each figure with its origin.

    Parameters
    ----------
    rate_gbps : float, optional
        Only modes of this rate in Gbit/s, above 0; there may be none.

    Returns
    -------
    tuple of TransceiverMode
        The highest rate first, then by cost, power, spectrum and id.

    Raises
    ------
    InvalidInput
        For a rate that is not a positive number.
    """
    from topodesign.optics.mode_list import list_modes as listed

    return listed(load_catalog(), rate_gbps=rate_gbps)


def reach_table(fiber: str = "ssmf", *, measured: Sequence[MeasuredReach] = (), **rules: Any) -> ReachTable:
    """How far every mode goes over equal spans of one kind of fiber.

    Parameters
    ----------
    fiber : {"ssmf", "g654e", "hollow_core"}
    measured : sequence of MeasuredReach
        Reaches that were measured; each decides in place of the line model.
    **rules
        Fields of :class:`~topodesign.domain.scenario.OpticsRules`: ``span_km``, ``margin_db``, ``catalog``, ...

    Raises
    ------
    InvalidInput
        For figures that are out of range, or rules that allow no mode.
    NotFound
        For a fiber or mode that the catalogue does not have.
    """
    from topodesign.optics.reach_table import reach_table as table

    return table(load_catalog(), OpticsRules(**rules), fiber, measured)


def estimate_training(**options: Any) -> TrainingEstimate:
    """The bandwidth between sites that a utilization takes, or the utilization that a bandwidth gives.

    Parameters
    ----------
    **options
        Fields of :class:`~topodesign.domain.training.TrainingRequest`: ``parameters``, ``step_s``, ``sites``,
        ``method``, ``gbps`` or ``utilization``, ...; ``site_gbps``, ``site_rtt_ms`` and ``site_step_s`` for sites that
        differ. Of :class:`~topodesign.domain.training.JobSize` beside them: ``model``, in place of ``parameters`` and
        ``layers``; ``accelerator`` and ``accelerators``, in place of ``step_s``; ``pod_accelerators``, which the model
        must fit; ``checkpointing``, so that ``uptime`` follows from failures.

    Raises
    ------
    InvalidInput
        For figures that are out of range or contradict each other, a utilization that no bandwidth reaches
        (``UTILIZATION_UNREACHABLE``), parallelism that cannot cross sites (``PARALLELISM_NOT_ACROSS_SITES``, with the
        traffic it would cause), a model that does not fit (``MODEL_EXCEEDS_MEMORY``), or failures that leave nothing of
        the time (``NO_PROGRESS``).
    NotFound
        For a model or accelerator that the catalogue does not have.

    References
    ----------
    docs/training.md has the formulas, with their sources.
    """
    from topodesign.training.job import estimate_job

    return estimate_job(options, load_catalog())


def training_models() -> tuple[TrainingModel, ...]:
    """The catalogue's models to train, each figure with its origin."""
    from topodesign.catalog.training_models import training_models as listed

    return listed()


def estimate_goodput(request: GoodputRequest | None = None, **options: Any) -> GoodputEstimate:
    """How often a job is interrupted, how often to write checkpoints, and the share of time that ends in training.

    Parameters
    ----------
    request : GoodputRequest, optional
        The whole request.
    **options
        Fields of :class:`~topodesign.domain.goodput_request.GoodputRequest`, in place of those of a request given:
        ``write_s``, ``restart_s``; ``accelerators``, ``sites`` or ``parts``; ``rejoining`` for sites that go on when
        another is hit; ``interruptions`` and ``seed`` for a simulation beside the closed form.

    Raises
    ------
    InvalidInput
        For figures that are out of range or contradict each other, or a simulation that would draw too much
        (``SIMULATION_TOO_LARGE``).
    NotFound
        For an accelerator that the catalogue does not have.

    References
    ----------
    docs/training.md has the formulas, with their sources.
    """
    from topodesign.training.goodput_estimate import estimate_goodput as estimate

    return estimate(goodput_request(request, options), load_catalog())


def list_accelerators() -> tuple[Accelerator, ...]:
    """The catalogue's accelerators by id, each figure with its origin; prices are indicative."""
    return tuple(sorted(load_catalog().accelerators, key=lambda item: item.id))


def list_equipment(*, kind: EquipmentKind | None = None) -> tuple[Equipment, ...]:
    """The catalogue's equipment, each figure with its origin; prices are indicative unless their confidence is better.

    Parameters
    ----------
    kind : EquipmentKind, optional
        Only that of one kind, named as in a scenario's overrides: ``"switch"``, ``"transceiver"``, ...

    Returns
    -------
    tuple of Equipment
        By kind in the order of :data:`~topodesign.domain.equipment.EquipmentKind`, then by id.

    Raises
    ------
    InvalidInput
        For a kind that there is not (``KIND_UNKNOWN``), with the nearest one.
    """
    return load_catalog().equipment(kind)
