"""Coordinates among the values of a place."""

from topodesign.scenario.columns import is_finite


def position_of(values: dict[str, object]) -> list[object] | None:
    """``lon`` and ``lat``, taken out of the values; ``None`` where one of them is missing.

    What is no number is handed on as it is, to be refused where positions are checked.
    """
    lon, lat = values.pop("lon", None), values.pop("lat", None)
    if lon is None or lat is None:
        return None
    return [as_number(lon), as_number(lat)]


def as_number(value: object) -> object:
    """A number for text that is one; anything else as it is."""
    if not isinstance(value, str) or "_" in value:
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if is_finite(number) and number.is_integer() and "." not in value else number
