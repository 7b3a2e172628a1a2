"""Figures as words that stay true: what is proven is rounded to the side that is proven too, and limits not at all.

A lower bound is rounded down and an upper one up. So is a gap, which is an upper bound of what could be saved: it is
said to be zero only where it is.
"""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

SCALES_USD = ((12, "tn"), (9, "bn"), (6, "M"), (3, "k"))
"""Powers of ten and their names."""
TINY = Decimal("1e-4")
"""What is smaller is written with an exponent."""


def dollars_at_least(usd: float) -> str:
    """A proven lower bound with three significant digits: ``$1.09 bn`` for 1,095,100,000."""
    return _dollars(usd, ROUND_FLOOR)


def dollars_at_most(usd: float) -> str:
    """A proven upper bound with three significant digits: ``$1.10 bn`` for 1,095,100,000."""
    return _dollars(usd, ROUND_CEILING)


def millions_at_least(usd: float, *, signed: bool = False) -> str:
    """A proven lower bound in millions, to the second decimal: ``1,095.10``."""
    return _millions(usd, ROUND_FLOOR, signed=signed)


def millions_at_most(usd: float) -> str:
    """A proven upper bound in millions, to the second decimal."""
    return _millions(usd, ROUND_CEILING, signed=False)


def gap_percent(gap: float) -> str:
    """A gap in per cent without the sign for it, to the second decimal: ``0.20`` for 0.001949."""
    if not math.isfinite(gap):
        return f"{gap}"
    return f"{_rounded(_decimal(gap).scaleb(2), 2, ROUND_CEILING):,f}"


def gap_percent_digits(gap: float) -> str:
    """A gap in per cent without the sign for it, to the third significant digit: ``0.195`` for 0.00194801."""
    if not math.isfinite(gap):
        return f"{gap}"
    return _significant(_decimal(gap).scaleb(2), 3, ROUND_CEILING)


def figure_at_least(value: float, *, digits: int) -> str:
    """A proven lower bound with that many significant digits."""
    return _significant(_decimal(value), digits, ROUND_FLOOR) if math.isfinite(value) else f"{value}"


def figure_at_most(value: float, *, digits: int) -> str:
    """A proven upper bound with that many significant digits."""
    return _significant(_decimal(value), digits, ROUND_CEILING) if math.isfinite(value) else f"{value}"


def exact_figure(value: float) -> str:
    """The shortest decimal that is read back as the same value, without exponent or commas: ``1234.561``."""
    if not math.isfinite(value):
        return f"{value}"
    return _without_zeros(f"{Decimal(repr(float(value))):f}")


def _decimal(value: float) -> Decimal:
    """To the 15 digits that a float can hold of any decimal: what computing left behind them proves nothing."""
    return Decimal(f"{value:.15g}")


def _rounded(value: Decimal, decimals: int, rounding: str) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), rounding=rounding)


def _significant(value: Decimal, digits: int, rounding: str) -> str:
    """Trailing zeros go; what is tiny has an exponent."""
    if not value:
        return "0"
    rounded = _rounded(value, digits - 1 - value.adjusted(), rounding)
    if abs(rounded) < TINY:
        return f"{float(rounded):.{digits}g}"
    return _without_zeros(f"{rounded:,f}")


def _without_zeros(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _dollars(usd: float, rounding: str) -> str:
    value = _decimal(usd)
    size = abs(value)
    power, name = next((scale for scale in SCALES_USD if size >= Decimal(1).scaleb(scale[0])), (0, ""))
    scaled = value.scaleb(-power)
    decimals = 0 if not power else max(0, 2 - scaled.adjusted())
    shown = _rounded(scaled, decimals, rounding)
    return f"{'-' if shown < 0 else ''}${abs(shown):,f}{f' {name}' if name else ''}"


def _millions(usd: float, rounding: str, *, signed: bool) -> str:
    return f"{_rounded(_decimal(usd).scaleb(-6), 2, rounding):{'+' if signed else ''},f}"
