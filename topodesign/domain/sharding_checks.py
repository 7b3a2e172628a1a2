"""What a sharding plan can be made for."""

from collections.abc import Mapping

from topodesign.domain.checks import require, require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.nearest import nearest
from topodesign.domain.ranges import MOST_ACCELERATORS, MOST_PODS
from topodesign.domain.training import MOST_BITS, MOST_SITES


def require_sharding(
    *, pods: Mapping[str, int], regions: Mapping[str, str], pod_accelerators: int, bits_per_element: float
) -> None:
    """Raise :class:`InvalidInput` unless every site has pods, regions are of such sites, and all is in range."""
    require(
        1 <= len(pods) <= MOST_SITES,
        field="pods",
        value=len(pods),
        limit=f"of at least one site, and at most {MOST_SITES:,}",
        remedy="give the pods of every site",
    )
    for site, count in pods.items():
        _require_count(count, f"pods[{site!r}]", most=MOST_PODS)
    for site in regions:
        if site not in pods:
            raise InvalidInput(
                f"regions has site {site!r}, but pods has not; {nearest(site, pods)}",
                reason="REFERENCE_UNKNOWN",
                field_path="regions",
                metadata={"id": site},
            )
    _require_count(pod_accelerators, "pod_accelerators", most=MOST_ACCELERATORS)
    require_number(bits_per_element, field="bits_per_element", above=0, at_most=MOST_BITS)


def _require_count(value: int, field: str, *, most: int) -> None:
    require_number(value, field=field, at_least=1, at_most=most)
    require(value == int(value), field=field, value=value, limit="a whole number", remedy="give a count")
