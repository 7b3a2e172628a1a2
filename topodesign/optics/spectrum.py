r"""Spectrum assignment: which channels of the band each lightpath takes, and on which fiber pair of every segment.

A lightpath keeps its frequency along a transparent stretch (spectrum continuity, no conversion); on each segment of it
any fiber pair will do, since every node switches single channels. So slots alone decide:

* Channels that overlap in frequency on a segment need different pairs, and the intervals on a line can be laid into as
  many rows as overlap at one point at most (interval graphs are perfect). Pairs needed on segment e are therefore the
  most lightpaths over e at any one frequency, max_t load(e, t), and which pair each takes follows from a sweep.
* What is left is to choose first slots with load(e, t) <= pairs_e for all e and t, or with the cheapest further pairs.

A demand of n lightpaths over a stretch fills floor(n / W) whole pairs with W channels each (or one less, where that
turns out better), which leaves few. Those are laid one by one where the least room is left, and where that takes more
pairs than the spectrum needs, the least cost of further pairs is searched for:

    min  sum_e price_e p_e   s.t.  sum_s x_ds = r_d,   sum_{d over e, s covering t} x_ds <= pairs_e + p_e

with x_ds the lightpaths of demand d from slot s on. Slots are multiples of a channel's own width from the lower edge of
the band, so that channels of like width never leave a hole between them.

References
----------
B. Mukherjee, "Optical WDM Networks", Springer 2006, ch. 7 (routing and wavelength assignment).
M. C. Golumbic, "Algorithmic Graph Theory and Perfect Graphs", 1980, ch. 8 (interval graphs).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, reduce

import numpy as np
import numpy.typing as npt
from ortools.sat.python import cp_model

Counts = npt.NDArray[np.int64]
LOOSE_PAIRS = (0, 1)
"""Whole pairs of every demand that are laid channel by channel instead, tried in this order until no pair is added."""
FINEST_GHZ = 10**6
"""Widths are taken to this fraction of a GHz, so that slots are whole numbers of a common unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """Usable spectrum: ``parts`` bands of equal width one after the other (C, or C and L), ``width_ghz`` in all."""

    width_ghz: float
    parts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class StretchDemand:
    """``count`` lightpaths of ``width_ghz`` each over ``segments`` (indices, none twice) on one frequency each."""

    segments: tuple[int, ...]
    width_ghz: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Adjacent ``channels`` of one demand on the same pairs.

    ``first_ghz`` is the lower edge of the first, above the lower edge of the band; ``pairs`` are numbers from 1 on each
    segment of the demand.
    """

    first_ghz: float
    channels: int
    pairs: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """Runs of each demand in the order of the demands, and pairs in use on each segment."""

    runs: tuple[tuple[Run, ...], ...]
    pairs: Mapping[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """The band in whole units: ``starts[d]`` are the slots of demand d, each ``width[d]`` units wide."""

    unit_ghz: Fraction
    units: int
    width: tuple[int, ...]
    starts: tuple[npt.NDArray[np.int64], ...]

    @classmethod
    def of(cls, demands: Sequence[StretchDemand], band: Band) -> "_Grid":
        widths = [_exact(demand.width_ghz) for demand in demands]
        part = _exact(band.width_ghz) / band.parts
        unit = reduce(_gcd, widths, part)
        size = int(part / unit)
        inside = {width: np.arange(0, size - int(width / unit) + 1, int(width / unit)) for width in set(widths)}
        return cls(
            unit_ghz=unit,
            units=size * band.parts,
            width=tuple(int(width / unit) for width in widths),
            starts=tuple(
                np.concatenate([inside[width] + size * number for number in range(band.parts)]) for width in widths
            ),
        )


def assign_spectrum(
    demands: Sequence[StretchDemand],
    *,
    pairs: Mapping[int, int],
    most_pairs: Mapping[int, int],
    pair_usd: Mapping[int, float],
    band: Band,
    work_limit: float = 2.0,
    seed: int = 0,
) -> Assigned | None:
    """Slots and pairs for all lightpaths.

    Parameters
    ----------
    demands : sequence of StretchDemand
    pairs, most_pairs : mapping of int to int
        Pairs that each segment has at least, and that it may have at most.
    pair_usd : mapping of int to float
        Price of one pair more, US dollars.
    band : Band
        No channel lies across two of its parts.
    work_limit : float
        Effort of the exact search in the solver's deterministic seconds.
    seed : int

    Returns
    -------
    Assigned or None
        ``None`` where no assignment within ``most_pairs`` was found.
    """
    grid = _Grid.of(demands, band)
    slots = [len(starts) for starts in grid.starts]
    if not all(slots):
        return None  # a channel wider than the band
    best: Assigned | None = None
    for loose in LOOSE_PAIRS:
        whole = [max(0, demand.count // slots[d] - loose) for d, demand in enumerate(demands)]
        task = _Task.of(demands, whole, grid, pairs, most_pairs)
        chosen = None if task is None else task.first_fit()
        if task is not None and chosen is None:
            chosen = _least_pairs(task, pair_usd, work_limit=work_limit, seed=seed)
        if task is not None and chosen is not None:
            found = _numbered(task, whole, chosen, pairs)
            if best is None or _price(found, pairs, pair_usd) < _price(best, pairs, pair_usd):
                best = found
            if _price(best, pairs, pair_usd) <= 0:
                break
    return best


def _price(assigned: Assigned, pairs: Mapping[int, int], pair_usd: Mapping[int, float]) -> float:
    """US dollars of the pairs beyond those that there are."""
    return math.fsum(pair_usd[e] * (number - pairs.get(e, 0)) for e, number in assigned.pairs.items())


@dataclass(frozen=True, kw_only=True)
class _Task:
    """Lightpaths left after whole pairs: ``rest[d]`` of demand d, and pairs in use (``room``) or to be had (``spare``).

    A choice is, for each demand, how many lightpaths begin at each of its slots.
    """

    demands: Sequence[StretchDemand]
    rest: Sequence[int]
    grid: _Grid
    room: Mapping[int, int]
    spare: Mapping[int, int]

    @classmethod
    def of(
        cls,
        demands: Sequence[StretchDemand],
        whole: Sequence[int],
        grid: _Grid,
        pairs: Mapping[int, int],
        most_pairs: Mapping[int, int],
    ) -> "_Task | None":
        """What is left after ``whole`` pairs of each demand; ``None`` where these alone are too many."""
        full: dict[int, int] = {}
        for demand, number in zip(demands, whole, strict=True):
            for e in demand.segments:
                full[e] = full.get(e, 0) + number
        if any(number > most_pairs[e] for e, number in full.items()):
            return None
        return cls(
            demands=demands,
            rest=[
                demand.count - number * len(starts)
                for demand, number, starts in zip(demands, whole, grid.starts, strict=True)
            ],
            grid=grid,
            room={e: max(0, pairs.get(e, 0) - number) for e, number in full.items()},
            spare={e: most_pairs[e] - number for e, number in full.items()},
        )

    def first_fit(self, *, most: Mapping[int, int] | None = None) -> list[Counts] | None:
        """A choice within ``most`` pairs (default ``room``), demands over most segments first; ``None``: none found."""
        left = {e: np.full(self.grid.units, pairs) for e, pairs in (most or self.room).items()}
        chosen = [np.zeros(len(starts), dtype=np.int64) for starts in self.grid.starts]
        order = sorted(
            range(len(self.demands)),
            key=lambda d: (-self.grid.width[d], -len(self.demands[d].segments), self.demands[d].segments, d),
        )
        for d in order:
            wanted = self.rest[d]
            while wanted:
                free = self._free(d, left)
                open_slots = np.flatnonzero(free > 0)
                if not open_slots.size:
                    return None
                # the slots that are nearest to full on this stretch, so that holes of others stay whole
                tight = np.sum([self._at_slots(d, left[e]) for e in self.demands[d].segments], axis=0)
                best = open_slots[np.lexsort((open_slots, tight[open_slots]))][:wanted]
                for slot in best:
                    first = self.grid.starts[d][slot]
                    for e in self.demands[d].segments:
                        left[e][first : first + self.grid.width[d]] -= 1
                chosen[d][best] += 1
                wanted -= best.size
        return chosen

    def starts_within(self, e: int, first: int, end: int) -> list[int]:
        """Where channels on segment e may begin: the load of a line is largest at the beginning of some interval."""
        starts = self._starts[e]
        within: list[int] = starts[np.searchsorted(starts, first) : np.searchsorted(starts, end)].tolist()
        return within

    @cached_property
    def _starts(self) -> dict[int, Counts]:
        over: dict[int, list[Counts]] = {}
        for d, demand in enumerate(self.demands):
            for e in demand.segments if self.rest[d] else ():
                over.setdefault(e, []).append(self.grid.starts[d])
        return {e: np.unique(np.concatenate(starts)) for e, starts in over.items()}

    def _free(self, d: int, left: Mapping[int, Counts]) -> Counts:
        """Lightpaths of demand d that each of its slots could still take."""
        return self._at_slots(d, np.min([left[e] for e in self.demands[d].segments], axis=0))

    def _at_slots(self, d: int, values: Counts) -> Counts:
        """Least of ``values`` over the units of each slot of demand d."""
        width = self.grid.width[d]
        if width == 1:
            return values[self.grid.starts[d]]
        least: Counts = np.lib.stride_tricks.sliding_window_view(values, width)[self.grid.starts[d]].min(axis=1)
        return least


def _least_pairs(task: _Task, pair_usd: Mapping[int, float], *, work_limit: float, seed: int) -> list[Counts] | None:
    """The choice that takes the cheapest further pairs, by CP-SAT; the best found within the work limit."""
    model = cp_model.CpModel()
    x = [
        [model.new_int_var(0, task.rest[d], "") for _ in starts] if task.rest[d] else []
        for d, starts in enumerate(task.grid.starts)
    ]
    covering: dict[tuple[int, int], list[cp_model.IntVar]] = {}
    for d, demand in enumerate(task.demands):
        if task.rest[d]:
            model.add(sum(x[d]) == task.rest[d])
        for variable, first in zip(x[d], task.grid.starts[d].tolist(), strict=False):
            for e in demand.segments:
                for unit in task.starts_within(e, first, first + task.grid.width[d]):
                    covering.setdefault((e, unit), []).append(variable)
    more = {
        e: model.new_int_var(0, task.spare[e] - task.room[e], "")
        for e in sorted({e for e, _ in covering})
        if task.spare[e] > task.room[e]
    }
    for (e, _), variables in sorted(covering.items()):
        model.add(sum(variables) <= task.room[e] + more.get(e, 0))
    model.minimize(sum(max(1, round(pair_usd[e])) * variable for e, variable in more.items()))
    hint = task.first_fit(most=task.spare)
    if hint is not None:
        for d, counts in enumerate(hint):
            for variable, count in zip(x[d], counts, strict=False):
                model.add_hint(variable, int(count))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = work_limit
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return hint
    return [
        np.array([solver.value(variable) for variable in x[d]] or [0] * len(starts), dtype=np.int64)
        for d, starts in enumerate(task.grid.starts)
    ]


def _numbered(task: _Task, whole: Sequence[int], chosen: Sequence[Counts], pairs: Mapping[int, int]) -> Assigned:
    """Pairs for every channel: whole pairs get the lowest numbers, the rest follow in a sweep over frequency."""
    runs: list[list[Run]] = [[] for _ in task.demands]
    used: dict[int, int] = {}
    for d, demand in enumerate(task.demands):
        for _ in range(whole[d]):
            for e in demand.segments:
                used[e] = used.get(e, 0) + 1
            numbers = tuple(used[e] for e in demand.segments)
            runs[d].extend(_runs(task.grid, d, [(slot, numbers) for slot in range(len(task.grid.starts[d]))]))
    sweep = {e: _Sweep(first=used.get(e, 0) + 1) for demand in task.demands for e in demand.segments}
    laid: list[list[tuple[int, tuple[int, ...]]]] = [[] for _ in task.demands]
    events = sorted(
        (int(task.grid.starts[d][slot]), d, copy, slot)
        for d, counts in enumerate(chosen)
        for slot in np.flatnonzero(counts).tolist()
        for copy in range(int(counts[slot]))
    )
    for start, d, copy, slot in events:
        end = start + task.grid.width[d]
        numbers = tuple(sweep[e].take(start, end, favorite=(d, copy)) for e in task.demands[d].segments)
        laid[d].append((slot, numbers))
    for d, placed in enumerate(laid):
        runs[d].extend(_runs(task.grid, d, placed))
    in_use = {e: max(pairs.get(e, 0), line.last) for e, line in sorted(sweep.items())}
    return Assigned(runs=tuple(tuple(items) for items in runs), pairs=in_use)


@dataclass(slots=True)
class _Sweep:
    """Pairs of one segment while frequency rises: from which unit on each is free."""

    first: int
    free_from: list[int] = field(default_factory=list)
    favorites: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def last(self) -> int:
        """Highest pair number in use."""
        return self.first + len(self.free_from) - 1

    def take(self, start: int, end: int, *, favorite: tuple[int, int]) -> int:
        """The pair for a channel: the one that its lightpaths had before, else the lowest that is free."""
        position = self.favorites.get(favorite, -1)
        if position < 0 or self.free_from[position] > start:
            position = next((p for p, free in enumerate(self.free_from) if free <= start), len(self.free_from))
        if position == len(self.free_from):
            self.free_from.append(0)
        self.free_from[position] = end
        self.favorites[favorite] = position
        return self.first + position


def _runs(grid: _Grid, d: int, placed: Sequence[tuple[int, tuple[int, ...]]]) -> list[Run]:
    """Channels joined where they are adjacent and on the same pairs."""
    runs: list[list[int]] = []
    numbers: list[tuple[int, ...]] = []
    for slot, pairs in sorted(placed, key=lambda item: (item[1], item[0])):
        first = int(grid.starts[d][slot])
        if runs and numbers[-1] == pairs and runs[-1][0] + runs[-1][1] * grid.width[d] == first:
            runs[-1][1] += 1
        else:
            runs.append([first, 1])
            numbers.append(pairs)
    found = [
        Run(first_ghz=float(first * grid.unit_ghz), channels=channels, pairs=pairs)
        for (first, channels), pairs in zip(runs, numbers, strict=True)
    ]
    return sorted(found, key=lambda run: (run.first_ghz, run.pairs))


def _exact(ghz: float) -> Fraction:
    return Fraction(ghz).limit_denominator(FINEST_GHZ)


def _gcd(one: Fraction, other: Fraction) -> Fraction:
    """Greatest width that both are whole multiples of."""
    return Fraction(
        math.gcd(one.numerator * other.denominator, other.numerator * one.denominator),
        one.denominator * other.denominator,
    )
