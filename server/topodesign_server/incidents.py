"""Defects: logged in full under an id, told to clients by the id only."""

import uuid

import structlog
from google.rpc.status_pb2 import Status

from topodesign.domain.errors import CapacityError, InternalError, TopoDesignError
from topodesign.wire import status_from_error

log = structlog.get_logger("topodesign_server")


def status_of(error: BaseException, *, during: str) -> Status:
    """The status that a client gets for any exception; a defect is logged with its trace under a new incident id."""
    if isinstance(error, MemoryError):
        error = CapacityError(
            f"{during} needed more memory than there is; make the scenario smaller or give the server more",
            reason="OUT_OF_MEMORY",
        )
    if isinstance(error, TopoDesignError) and not isinstance(error, InternalError):
        return status_from_error(error)
    if isinstance(error, InternalError) and "incident_id" in error.metadata:
        return status_from_error(error)  # logged where it happened, in the child
    incident_id = uuid.uuid4().hex
    log.error("defect", incident_id=incident_id, during=during, exc_info=error)
    if not isinstance(error, InternalError):
        error = InternalError(f"{during} failed through a defect of the service; report the incident id")
    return status_from_error(error, incident_id=incident_id)
