"""The service's calls without a service: answered in this process, plans made in children of it.

Requests and answers are the service's messages, and what computes is the code that the service's own children run; so
a :class:`LocalClient` gives the results and raises the errors of a :class:`~topodesign.client.Client`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from topodesign.local.client import LocalClient

__all__ = ["LocalClient"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from topodesign.local.client import LocalClient

    return LocalClient
