"""Round numbers for scales: 1, 2 or 5 times a power of ten."""

import math


def round_number(value: float) -> float:
    """The next lower of 1, 2, 5 times a power of ten; 0 for what is not positive."""
    if value <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in (1, 2, 5) if step * power <= value * 1.0000001)
