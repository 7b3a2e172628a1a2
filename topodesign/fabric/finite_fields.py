"""Arithmetic of small finite fields GF(p^k) as tables: elements are 0 .. q-1, digits in base p are coefficients."""

import itertools
from dataclasses import dataclass

import numpy as np

from topodesign.domain.errors import InternalError, InvalidInput
from topodesign.domain.fabric_switched import prime_power
from topodesign.fabric.topology import Counts


@dataclass(frozen=True, kw_only=True, eq=False)
class FiniteField:
    """``add[a, b]`` and ``multiply[a, b]``; ``primitive`` generates all elements but 0 by its powers.

    Polynomials over the integers modulo p are multiplied modulo an irreducible one of degree k, the first in order of
    coefficients that makes every element but 0 invertible.
    """

    size: int
    add: Counts
    multiply: Counts
    primitive: int

    @classmethod
    def of(cls, size: int) -> "FiniteField":
        """The field of ``size`` elements.

        Raises
        ------
        InvalidInput
            When ``size`` is not a power of a prime (``FABRIC_NOT_PRIME_POWER``).
        """
        power = prime_power(size)
        if power is None:
            raise InvalidInput(
                f"q is {size}, but a finite field has a power of a prime of elements; use such a number",
                reason="FABRIC_NOT_PRIME_POWER",
                field_path="q",
                metadata={"value": str(size)},
            )
        prime, degree = power
        digits = np.arange(size)[:, None] // prime ** np.arange(degree) % prime
        weights = prime ** np.arange(degree)
        add = (digits[:, None, :] + digits[None, :, :]) % prime @ weights
        multiply = _multiplication(prime, degree, digits, weights)
        return cls(size=size, add=add, multiply=multiply, primitive=_primitive(multiply))

    def powers(self) -> list[int]:
        """1, g, g^2, ..., g^(q-2)."""
        return _orbit(self.multiply, self.primitive)


def _multiplication(prime: int, degree: int, digits: Counts, weights: Counts) -> Counts:
    size = len(digits)
    product = np.zeros((size, size, 2 * degree - 1), dtype=np.int64)
    for low, high in itertools.product(range(degree), repeat=2):
        product[:, :, low + high] += np.multiply.outer(digits[:, low], digits[:, high])
    product %= prime
    for tail in itertools.product(range(prime), repeat=degree):
        # x^degree = -(tail), reduced from the highest power down
        reduced = product.copy()
        for power in range(2 * degree - 2, degree - 1, -1):
            leading = reduced[:, :, power].copy()
            for place, coefficient in enumerate(tail):
                reduced[:, :, power - degree + place] -= leading * coefficient
            reduced %= prime
        table: Counts = reduced[:, :, :degree] @ weights
        if degree == 1 or not np.any(table[1:, 1:] == 0):  # no zero divisors: irreducible
            return table
    raise InternalError(f"no irreducible polynomial of degree {degree} over GF({prime})")


def _primitive(multiply: Counts) -> int:
    size = len(multiply)
    return next(element for element in range(1, size) if len(_orbit(multiply, element)) == size - 1)


def _orbit(multiply: Counts, element: int) -> list[int]:
    found = [1]
    while (following := int(multiply[found[-1], element])) != 1:
        found.append(following)
    return found
