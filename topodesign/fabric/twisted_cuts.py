"""Bisection of twisted tori: a cut through the middle of an axis above, demands along the axes below.

Every line along an axis closes to a ring of 2n, in the face-centered as in the body-centered torus. Let every
accelerator send w_j to the two that are j steps away along each axis (to the one for j = n), the short way around: a
link carries the sum of j w_j over j < n, and n w_n / 2, each way. Where that is 1 no cut has less than what crosses it,

    cut >= sum over u in A, v outside A of w(v - u) >= s N / 4,

s the least eigenvalue of these demands but for that of constants. Eigenvectors are the characters k of the dual lattice
with f(k_x) + f(k_y) + f(k_z), f(k) = sum over j of w_j times their number times (1 - cos(pi k j / n)).

Face-centered: k has three odd or three even components, so that s is the lesser of f(even) and 3 f(odd). With equal
w_j up to n/2 (half of it for n/2 itself) all f(even) are equal and 3 f(odd) is more: s = 8/n for even n, and the cut
4 n^2 through the middle of a short axis is the width. For odd n s = 8 n / (n^2 - 1).

Body-centered: components have an even sum, s is the lesser of f(even) and 2 f(odd). A linear programme of n weights
finds the best; what it finds is checked by adding up.
"""

import math

import numpy as np
from scipy.optimize import linprog

from topodesign.fabric.graph import Lengths
from topodesign.fabric.topology import CutLinks

ROUNDING = 1e-6
"""Links that floating point may be off before a certificate is rounded up to a whole number."""


def twisted_bisection(n: int, *, is_face_centered: bool) -> CutLinks:
    """Bisection width of n x n x 2n (face-centered) or n x 2n x 2n (body-centered); exact for the former and even n.

    Above: n x n x 2n has 4 n^2 links through the middle of a short axis (and 4 n more when n is odd and its middle
    layer is split in turn), n x 2n x 2n has 4 n^2 and as many twisted wraps through the middle of a long one.
    """
    above = "cut through the middle of an axis"
    if not is_face_centered:
        upper = 8.0 * n * n
        lower = float(math.ceil(least_eigenvalue(best_axis_demands(n)) * n**3 - ROUNDING))
        method = f"{above}; lower bound by demands along the axes"
        return CutLinks(lower=min(lower, upper), upper=upper, method=method)
    if n % 2 == 0:
        links = 4.0 * n * n
        return CutLinks(lower=links, upper=links, method=f"{above}, met by equal demands along the axes")
    lower = float(-(-4 * n**4 // (n * n - 1)))
    return CutLinks(lower=lower, upper=4.0 * n * n + 4 * n, method=f"{above}; lower bound by demands along the axes")


def best_axis_demands(n: int) -> Lengths:
    """Weights w_1 .. w_n of the body-centered torus that load every link by 1, of the largest least eigenvalue."""
    terms = _terms(n)
    loads = np.append(np.arange(1.0, n), n / 2)
    is_even = np.arange(1, n + 1) % 2 == 0
    share = np.where(is_even, 1.0, 0.5)  # f(even) >= s, f(odd) >= s / 2
    found = linprog(
        np.append(np.zeros(n), -1.0),
        A_ub=np.column_stack([-terms, share]),
        b_ub=np.zeros(n),
        A_eq=np.append(loads, 0.0)[None, :],
        b_eq=[1.0],
        method="highs",
    )
    # any weights prove a bound: those of neighbors alone, the graph's own eigenvalue, stand in for no solution
    weights = np.eye(1, n)[0] if found.x is None else np.maximum(0.0, found.x[:n])
    scaled: Lengths = weights / float(weights @ loads)
    return scaled


def least_eigenvalue(weights: Lengths) -> float:
    """The lesser of f(even) and 2 f(odd) over all components of characters but 0."""
    values = _terms(len(weights)) @ weights
    return float(min(2 * values[::2].min(), values[1::2].min(initial=np.inf)))


def _terms(n: int) -> Lengths:
    """Row k, column j (from 1): number of accelerators j steps away along an axis times 1 - cos(pi k j / n).

    Components above n are those below it again: k and 2n - k have the same.
    """
    steps = np.arange(1, n + 1)
    found: Lengths = np.where(steps == n, 1.0, 2.0) * (1 - np.cos(np.pi / n * np.outer(steps, steps)))
    return found
