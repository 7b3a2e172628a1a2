"""A link asked for in a call's own words: a length and options, or a request to change."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from topodesign.domain.link import LinkRequest


def link_request(length_km: float | LinkRequest, options: Mapping[str, Any]) -> LinkRequest:
    """The request of a length in km and further fields, or a request with such fields in place of its own."""
    if isinstance(length_km, LinkRequest):
        return replace(length_km, **options)
    return LinkRequest(length_km=length_km, **options)
