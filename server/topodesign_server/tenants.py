"""Whose call it is."""

from __future__ import annotations  # gRPC's types take parameters for type checkers only

from typing import Any

import grpc

from topodesign_server.tables import DEFAULT_TENANT


def tenant_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:  # noqa: ARG001 - one tenant until callers have names
    """The tenant whose scenarios, jobs and plans a call sees; nothing of any other exists for it."""
    return DEFAULT_TENANT
