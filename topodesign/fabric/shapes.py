"""Shapes of grids with a wanted number of places."""

import math


def near_cubic_shape(accelerators: int) -> tuple[int, int, int]:
    """Three sides in rising order with this product, the largest and smallest as near as they can be."""
    best = (1, 1, accelerators)
    for shortest in range(1, math.floor(accelerators ** (1 / 3) + 1e-9) + 1):
        if accelerators % shortest:
            continue
        rest = accelerators // shortest
        middle = next(side for side in range(math.isqrt(rest), 0, -1) if rest % side == 0)
        if middle >= shortest:
            shape = (shortest, middle, rest // middle)
            best = min(best, shape, key=lambda sides: (sides[2] / sides[0], sides))
    return best
