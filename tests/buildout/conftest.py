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
