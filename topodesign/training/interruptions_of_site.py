"""What interrupts a site of so many accelerators, at the catalogue's rates (``"reliability.default"``)."""

from collections.abc import Iterator

from topodesign.domain.durations import SECONDS_PER_HOUR
from topodesign.domain.equipment import Catalog
from topodesign.domain.goodput import FailingParts

WHOLE_SITE = "sites"
"""Parts of this name take down all pods of a site, others one of them."""


def site_parts(
    catalog: Catalog, accelerator: str, accelerators: float, *, switches: int | None
) -> Iterator[FailingParts]:
    """What interrupts one site alone; spares are at hand for all but the site as a whole.

    Parameters
    ----------
    catalog : Catalog
    accelerator : str
        Id in the catalogue; hosts are not counted where it does not say how many accelerators share one.
    accelerators : float
        At the site.
    switches : int, optional
        At the site; not counted where they are not known.

    Raises
    ------
    NotFound
        For an accelerator that the catalogue does not have.
    """
    figures = catalog.reliability()
    yield FailingParts(name="accelerators", count=accelerators, mtbf_h=figures.accelerator_mtbf_h)
    yield FailingParts(name="network adapters", count=accelerators, mtbf_h=figures.adapter_mtbf_h)
    yield FailingParts(name="software", count=accelerators, mtbf_h=figures.software_mtbf_h)
    yield FailingParts(name="links of accelerators", count=accelerators, mtbf_h=figures.fabric_link_mtbf_h)
    per_host = catalog.accelerator(accelerator).host_accelerators
    if per_host is not None:
        yield FailingParts(name="hosts", count=accelerators / per_host, mtbf_h=figures.host_mtbf_h)
    if switches is not None:
        yield FailingParts(name="switches", count=switches, mtbf_h=figures.switch_mtbf_h)
    yield FailingParts(
        name=WHOLE_SITE, count=1, mtbf_h=figures.site_mtbf_h, wait_s=figures.site_repair_h * SECONDS_PER_HOUR
    )
