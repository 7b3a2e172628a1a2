"""The error tree: one root, families by whose fault it is.

Infeasible, limit reached and cancelled are *results* (see :mod:`topodesign.domain.plan`), never exceptions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One located fault in an input file.

    ``row`` counts features (GeoJSON, GeoPackage) or data rows (CSV) from 1; ``None`` means the whole file.
    ``message`` names the thing, the value, the limit and the remedy.
    """

    file: str
    row: int | None = None
    field: str | None = None
    reason: str
    message: str

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.field is not None:
            place += f", field {self.field}"
        return f"{place}: {self.message} [{self.reason}]"


class TopoDesignError(Exception):
    """Root of every error raised on purpose.

    Parameters
    ----------
    message : str
        For people: names the thing, the value, the limit and the remedy.
    reason : str
        Stable UPPER_SNAKE_CASE identifier; becomes ``google.rpc.ErrorInfo.reason``.
    field_path : str
        Path of the offending field (``sites[3].power_mw``), empty when no single field is at fault.
    metadata : mapping of str to str
        Every dynamic value of the message.
    """

    default_reason = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        field_path: str = "",
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.reason = reason or self.default_reason
        self.field_path = field_path
        self.metadata = dict(metadata or {})


class InvalidInput(TopoDesignError):
    """The caller's input is wrong; nothing was done."""

    default_reason = "FIELD_INVALID"


class InvalidScenario(InvalidInput):
    """A scenario has problems; all of them are in ``problems``, not just the first."""

    default_reason = "SCENARIO_INVALID"

    def __init__(self, problems: Sequence[Problem], *, source: str = "scenario") -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(
            f"{source} has {count} problem{'s' if count != 1 else ''}:\n{lines}",
            metadata={"problem_count": str(count)},
        )

    @classmethod
    def single(cls, problem: Problem) -> Self:
        return cls([problem])


class NotFound(TopoDesignError):
    """A named thing does not exist (or the caller may not know that it does)."""

    default_reason = "NOT_FOUND"


class Conflict(TopoDesignError):
    """The request contradicts the present state, such as an id that exists already."""

    default_reason = "CONFLICT"


class CapacityError(TopoDesignError):
    """A resource of the service is exhausted; trying later may succeed.

    ``retry_after_s`` is when that is likely, in seconds from now; ``None`` when nothing is known of it.
    """

    default_reason = "CAPACITY"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        field_path: str = "",
        metadata: Mapping[str, str] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, reason=reason, field_path=field_path, metadata=metadata)
        self.retry_after_s = retry_after_s


class QuotaExceeded(CapacityError):
    """A quota of the caller's tenant is used up.

    Parameters
    ----------
    message, metadata
        As for every error.
    quota : str
        Which one, as the server's options name it.
    retry_after_s : float, optional
        Seconds after which the same call may succeed; ``None`` when waiting does not help.
    """

    default_reason = "TENANT_QUOTA"

    def __init__(
        self,
        message: str,
        *,
        quota: str,
        retry_after_s: float | None,
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, metadata={"quota": quota, **(metadata or {})})
        self.quota = quota
        self.retry_after_s = retry_after_s


class Unauthenticated(TopoDesignError):
    """The service does not know who calls: the token or certificate is missing, wrong, expired or revoked."""

    default_reason = "UNAUTHENTICATED"


class InternalError(TopoDesignError):
    """A defect of ours, never the caller's fault."""

    default_reason = "INTERNAL"


class VerificationFailed(InternalError):
    """A plan was rejected by the independent verifier; ``violations`` carry both views."""

    default_reason = "VERIFICATION_FAILED"

    def __init__(self, violations: Sequence[object]) -> None:
        self.violations = tuple(violations)
        listing = "; ".join(str(violation) for violation in self.violations[:5])
        super().__init__(f"the independent verifier rejected the plan: {listing}")


class ServiceUnavailable(TopoDesignError):
    """The server cannot be reached or is shutting down; trying again is safe for idempotent calls."""

    default_reason = "UNAVAILABLE"
