"""Calls of ``OpticsService``."""

from typing import Any

from topodesign.client.call import Call, one, pages
from topodesign.domain.equipment import TransceiverMode
from topodesign.domain.link import LinkDesign, LinkRequest
from topodesign.domain.link_options import link_request
from topodesign.v1 import optics_pb2
from topodesign.v1 import optics_service_pb2 as pb
from topodesign.wire import from_proto, to_proto

SERVICE = "/topodesign.v1.OpticsService"


def design_link(length_km: float | LinkRequest, **options: Any) -> Call[LinkDesign]:
    """One optical link on its own; the same answer as :func:`topodesign.design_link`.

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
        For a fiber that the server's catalogue does not have.
    """
    return one(
        f"{SERVICE}/DesignLink",
        optics_pb2.LinkDesign,
        to_proto(link_request(length_km, options)),
        lambda answer: from_proto(answer, LinkDesign),
    )


def list_modes(*, rate_gbps: float | None = None) -> Call[tuple[TransceiverMode, ...]]:
    """The transceiver modes of the server's catalogue, each figure with its origin.

    Parameters
    ----------
    rate_gbps : float, optional
        Only modes of this rate in Gbit/s, above 0; there may be none.

    Returns
    -------
    tuple of TransceiverMode
        The highest rate first, then by cost, power, spectrum and id.
    """
    return pages(
        f"{SERVICE}/ListModes",
        pb.ListModesResponse,
        pb.ListModesRequest(rate_gbps=rate_gbps),
        lambda page: [from_proto(item, TransceiverMode) for item in page.modes],
    )
