"""A scenario of two sites for build-outs, and one process that solves all of them."""

import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

import topodesign as td
from topodesign.domain.buildout import Buildout, PlannedYear
from topodesign.domain.plan import SolveLimits
from topodesign.sweeps.local_engine import LocalEngine
from topodesign.sweeps.solving import Answer

DOUBLING = (td.planned_year(2027), td.planned_year(2028, "workload.parameters=3.2e11"))
LIMITS = SolveLimits(gap=0.0, threads=1)
Build = Callable[..., Buildout]


@pytest.fixture(scope="session")
def build() -> Iterator[Build]:
    """Plans build-outs in one process that stays."""
    with LocalEngine(workers=1) as engine:

        def build(scenario: td.Scenario, *years: PlannedYear, **options: object) -> Buildout:
            return td.plan_buildout(scenario, years, limits=LIMITS, engine=engine, **options)  # type: ignore[arg-type]

        yield build


def two_campus(**policy: object) -> td.Scenario:
    scenario = td.load_scenario("sample_sites/two-campus")
    return dataclasses.replace(scenario, policy=dataclasses.replace(scenario.policy, **policy))


def small_and_large() -> td.Scenario:
    """two-campus with one site that holds one pod, and a dearer one that holds two; one site alone will do.

    campus-a: 3 MW, 1,000,000 USD; campus-b: 6 MW, 1,500,000 USD.
    """
    scenario = two_campus(min_sites=1)
    a, b = scenario.sites
    return dataclasses.replace(scenario, sites=(a, dataclasses.replace(b, power_mw=6.0, fixed_capex_usd=1.5e6)))


def over_a_hut(in_service_year: int | None = None) -> td.Scenario:
    """two-campus with one route, 2 x 200 km over a hub `hut` where zrplus-400 must regenerate; no cut is survived."""
    scenario = two_campus(survive=())
    a, b = scenario.sites
    hut = dataclasses.replace(
        a, site_id="hut", lon=-99.9, lat=40.2, role="hub", fixed_capex_usd=0.0, in_service_year=in_service_year
    )
    fiber = dataclasses.replace(scenario.segments[0], length_km=200.0, geometry=(), conduits=())
    west = dataclasses.replace(fiber, segment_id="west", a=a.site_id, b="hut", conduits=("west",))
    east = dataclasses.replace(fiber, segment_id="east", a="hut", b=b.site_id, conduits=("east",))
    optics = dataclasses.replace(scenario.optics, modes=("zrplus-400",))
    return dataclasses.replace(scenario, sites=(a, b, hut), segments=(west, east), optics=optics)


@dataclass(frozen=True, kw_only=True)
class GoneOn:
    """A build-out that was interrupted after its first answer, then gone on with, then asked for once more."""

    stopped: Buildout
    found: Buildout
    again: Buildout
    answers: tuple[int, int, int]


@pytest.fixture(scope="session")
def gone_on(build: Build, tmp_path_factory: pytest.TempPathFactory) -> GoneOn:
    """two-campus, whose job doubles in the second of its two years."""
    folder = tmp_path_factory.mktemp("gone-on")
    counts: list[int] = []

    def once(*, until: int) -> Buildout:
        answers: list[Answer] = []
        found = build(
            two_campus(),
            *DOUBLING,
            folder=folder,
            on_answer=answers.append,
            should_stop=lambda: len(answers) >= until,
        )
        counts.append(len(answers))
        return found

    stopped, found, again = once(until=1), once(until=100), once(until=100)
    return GoneOn(stopped=stopped, found=found, again=again, answers=(counts[0], counts[1], counts[2]))


@pytest.fixture(scope="session")
def doubled(gone_on: GoneOn) -> tuple[td.Scenario, Buildout]:
    """The same, and its scenario."""
    return two_campus(), gone_on.found
