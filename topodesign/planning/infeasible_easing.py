"""What all searches for a least relief share: the question and the answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from topodesign.domain.plan import Relief
from topodesign.domain.scenario import Scenario
from topodesign.planning.infeasible_limits import LimitGroup, without
from topodesign.planning.infeasible_probe import Probed


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """How little the limits of ``groups`` must give so that ``scenario`` has a plan.

    ``fallback`` is a plan of the scenario without these groups.
    """

    scenario: Scenario
    groups: tuple[LimitGroup, ...]
    fallback: Probed

    @property
    def lifted(self) -> Scenario:
        """The scenario without these groups."""
        return without(self.scenario, self.groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class Eased:
    """A relief, and a plan that has it. ``is_least``: nothing less is enough, proven; ``proof`` says it in words."""

    relief: tuple[Relief, ...]
    probed: Probed
    is_least: bool
    proof: str


def sites_of(probed: Probed) -> tuple[str, ...]:
    """Ids of the sites that a probed plan uses."""
    if probed.instance is None or probed.design is None:
        return ()
    return tuple(sorted(probed.instance.sites[position].site.site_id for position in probed.design.pods))


def in_words(relief: Sequence[Relief], *, most: int = 4) -> str:
    """The first few changes for people."""
    told = "; ".join(
        " ".join(f"{item.limit} {item.id}".split()) + f" {item.from_value:,.10g} -> {item.to_value:,.10g} {item.unit}"
        for item in relief[:most]
    )
    return told if len(relief) <= most else f"{told}; and {len(relief) - most} more"
