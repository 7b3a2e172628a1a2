"""Whose call it is: said once, where the call was let in, and asked for by whatever answers it."""

from __future__ import annotations  # gRPC's types take parameters for type checkers only

from contextvars import ContextVar
from typing import Any

import grpc

from topodesign.processes.remembered import remember_for

_tenant: ContextVar[str] = ContextVar("tenant")  # no default: what was not let in has no tenant, and fails


def tenant_of(context: grpc.aio.ServicerContext[Any, Any]) -> str:  # noqa: ARG001 - gRPC's takes no attributes of ours
    """The tenant whose scenarios, jobs and plans a call sees; nothing of any other exists for it."""
    return acting_tenant()


def acting_tenant() -> str:
    """As :func:`tenant_of`, for what is done on behalf of the running call."""
    return _tenant.get()


def act_for(tenant: str) -> None:
    """From here on the running call, which has a task of its own, is one of a tenant."""
    _tenant.set(tenant)
    remember_for(tenant)
