"""Which sites stay connected when parts fail: states with few failures one by one, all others as an interval.

Parts (conduits, line equipment, transceivers) fail independently. Those that take down the same lightpaths are one
group, which is down with any of them: no state of the lightpaths is lost by that, and far fewer states have to be
looked at. With u_g the unavailability of group g, a state S of the groups that are down has the probability

    P(S) = product of u_g over g in S x product of (1 - u_g) over the others.

States with at most k groups down are enumerated, and those of k + 1 of the likeliest groups, as far as the number of
states allows. With D the sum of P over those in which two sites are not connected, and R the probability of all states
that were not enumerated, the two are connected with a probability in [1 - D - R, 1 - D]. Groups that are down with a
negligible probability are taken to be up, and that probability is added to R.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

MOST_STATES = 250_000
"""States that are looked at; about a second for ten sites."""
NEGLIGIBLE = 1e-11
"""Probability of all other states at which no more are looked at: 5 microseconds a year."""
STATES_AT_ONCE = 65_536


Part = tuple[str, str]
"""Kind and id of something that fails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Join:
    """Lightpaths between two sites (numbers, from 0) that are up when all of ``parts`` are."""

    ends: tuple[int, int]
    parts: frozenset[Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Connectivity:
    """Probabilities of being apart in the enumerated states, and of all other states.

    ``apart``: shape (sites, sites), symmetric; ``any_apart``: not all sites connected. ``unexamined`` is R,
    ``most_down`` is k.
    """

    apart: Floats
    any_apart: float
    unexamined: float
    most_down: int


def connectivity(
    sites: int, joins: Sequence[Join], unavailability: Mapping[Part, float], *, most_states: int = MOST_STATES
) -> Connectivity:
    """How likely sites are apart because parts are down.

    Parameters
    ----------
    sites : int
        How many; they are numbered from 0.
    joins : sequence of Join
    unavailability : mapping of part to float
        Of every part that a join needs, in [0, 1).
    most_states : int
        States to enumerate at most; at least those without and with one group down are looked at.
    """
    kills, down, neglected = _groups(joins, unavailability)
    sizes = _sizes(down_counts(down), most_states)
    examined_beyond = 0.0
    apart = np.zeros((sites, sites))
    any_apart = 0.0
    ends = sorted({join.ends for join in joins})
    places = [[place for place, join in enumerate(joins) if join.ends == pair] for pair in ends]
    for size, probability, alive in _states(kills, down, sizes.among):
        examined_beyond += float(probability.sum()) if size > sizes.most_down else 0.0
        labels = _components(sites, ends, [np.any(alive[:, own], axis=1) for own in places], len(probability))
        split = (labels != 0).any(axis=0)  # the component of site 0 has the label 0
        labels, probability = labels[:, split], probability[split]
        any_apart += float(probability.sum())
        for site in range(sites):
            apart[site] += (labels != labels[site]) @ probability
    return Connectivity(
        apart=apart,
        any_apart=any_apart,
        unexamined=max(0.0, sizes.beyond - examined_beyond) + neglected,
        most_down=sizes.most_down,
    )


def down_counts(unavailability: Floats) -> Floats:
    """Probability that exactly 0, 1, 2, ... of independent things are down (the Poisson binomial distribution)."""
    counts = np.ones(1)
    for chance in unavailability:
        counts = np.append(counts, 0.0) * (1 - chance) + np.append(0.0, counts) * chance
    return counts


def _groups(joins: Sequence[Join], unavailability: Mapping[Part, float]) -> tuple[Bools, Floats, float]:
    """Rows of joins that each group of parts takes down, how likely it is down, and what is neglected.

    The likeliest groups come first.
    """
    users: dict[Part, list[int]] = {}
    for place, join in enumerate(joins):
        for part in join.parts:
            users.setdefault(part, []).append(place)
    chances: dict[tuple[int, ...], list[float]] = {}
    for part in sorted(users):
        chances.setdefault(tuple(users[part]), []).append(unavailability[part])
    kills = np.zeros((len(chances), len(joins)), dtype=bool)
    for row, taken in enumerate(chances):
        kills[row, list(taken)] = True
    down = np.array([_any_down(group) for group in chances.values()], dtype=np.float64)
    order = np.argsort(down, kind="stable")
    small = int(np.searchsorted(np.cumsum(down[order]), NEGLIGIBLE, side="right"))
    kept = order[small:][::-1]
    return kills[kept], down[kept], math.fsum(down[order[:small]])


def _any_down(chances: Sequence[float]) -> float:
    """1 - product of (1 - u), without the cancellation."""
    return -math.expm1(math.fsum(math.log1p(-chance) for chance in chances))


@dataclass(frozen=True, slots=True)
class _Sizes:
    """Which states to enumerate: all with at most ``most_down`` groups down, which leave the probability ``beyond``.

    ``among`` has for each number of groups down from 0 how many of the likeliest groups they are chosen from.
    """

    most_down: int
    beyond: float
    among: tuple[int, ...]


def _sizes(counts: Floats, most_states: int) -> _Sizes:
    """As many states as are allowed, and no more than is worth it; ``counts`` as of :func:`down_counts`."""
    groups = len(counts) - 1
    depth = min(1, groups)
    left = most_states - 1 - groups
    while depth < groups and math.fsum(counts[depth + 1 :]) > NEGLIGIBLE and math.comb(groups, depth + 1) <= left:
        left -= math.comb(groups, depth + 1)
        depth += 1
    among = [groups] * (depth + 1)
    beyond = math.fsum(counts[depth + 1 :])
    if depth < groups and beyond > NEGLIGIBLE:
        likeliest = depth
        while math.comb(likeliest + 1, depth + 1) <= left:
            likeliest += 1
        among.append(likeliest)
    return _Sizes(depth, beyond, tuple(among))


def _states(kills: Bools, down: Floats, among: Sequence[int]) -> Iterator[tuple[int, Floats, Bools]]:
    """Groups down, probabilities of states, and which joins live in them (states x joins), a chunk at a time."""
    odds = down / (1 - down)
    all_up = float(np.prod(1 - down))
    for size, groups in enumerate(among):
        chosen = combinations(range(groups), size)
        while (rows := _taken(chosen, size)) is not None:
            dead = np.zeros((len(rows), kills.shape[1]), dtype=bool)
            for column in range(size):
                dead |= kills[rows[:, column]]
            yield size, all_up * odds[rows].prod(axis=1), ~dead


def _taken(chosen: Iterator[tuple[int, ...]], size: int) -> Integers | None:
    """The next rows of combinations; ``None`` when there are no more."""
    rows = [row for _, row in zip(range(STATES_AT_ONCE), chosen, strict=False)]
    return np.array(rows, dtype=np.int64).reshape(len(rows), size) if rows else None


def _components(
    sites: int, ends: Sequence[tuple[int, int]], alive: Sequence[Bools], states: int
) -> npt.NDArray[np.int16]:
    """The least site number in the component of each site (sites x states), by passing labels on until none changes."""
    labels = np.repeat(np.arange(sites, dtype=np.int16)[:, None], states, axis=1)
    changed = True
    while changed:
        changed = False
        for (a, z), lives in zip(ends, alive, strict=True):
            low = np.minimum(labels[a], labels[z])
            for end in (a, z):
                lowered = lives & (labels[end] > low)
                if lowered.any():
                    labels[end][lowered] = low[lowered]
                    changed = True
    return labels
