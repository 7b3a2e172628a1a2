"""Making of violations: every one names the thing, the value, the limit and the remedy."""

from topodesign.domain.plan import Violation
from topodesign.verify.tolerance import is_number


def shown(value: object) -> float | str | None:
    """``value`` as a JSON-ready number, or as text where it is no sane number."""
    if value is None or isinstance(value, str):
        return value
    if is_number(value):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return f"an integer of {value.bit_length()} bits"  # Python refuses to print integers of many digits
    return repr(value)


def found(
    rule: str, thing: str, statement: str, *, value: object, limit: object = None, unit: str = "", remedy: str
) -> Violation:
    """A violation; ``statement`` names value and limit in words, ``thing`` is the id of what breaks the rule."""
    return Violation(
        rule=rule,
        id=thing,
        value=shown(value),
        limit=shown(limit),
        unit=unit,
        message=f"{thing}: {statement}; {remedy}",
    )


def disagrees(rule: str, thing: str, figure: str, stated: object, own: float, unit: str) -> Violation:
    """A figure of the plan that is not what the verifier computes."""
    unit_text = f" {unit}" if unit else ""
    return found(
        rule,
        thing,
        f"{figure} is stated as {shown(stated)}{unit_text}, but scenario and plan give {own:.12g}{unit_text}",
        value=stated,
        limit=own,
        unit=unit,
        remedy="correct the figure or what it is computed from",
    )
