"""Slots: continuous, inside the band, never two at once on one pair, and no more pairs than there have to be."""

import itertools
import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from topodesign.optics.spectrum import Assigned, Band, StretchDemand, assign_spectrum

C_BAND = Band(width_ghz=4800.0)


def demand(segments: Sequence[int], count: int, *, width_ghz: float = 150.0) -> StretchDemand:
    return StretchDemand(segments=tuple(segments), width_ghz=width_ghz, count=count)


def assign(
    demands: Sequence[StretchDemand], *, pairs: Mapping[int, int], most: Mapping[int, int], band: Band = C_BAND
) -> Assigned | None:
    return assign_spectrum(
        demands, pairs=pairs, most_pairs=most, pair_usd={segment: float(segment + 1) for segment in most}, band=band
    )


def least_pairs(demands: Sequence[StretchDemand], band: Band) -> dict[int, int]:
    """Pairs that the spectrum needs at least, slots aside."""
    width: dict[int, float] = {}
    for item in demands:
        for segment in item.segments:
            width[segment] = width.get(segment, 0.0) + item.count * item.width_ghz
    return {segment: math.ceil(ghz / band.width_ghz) for segment, ghz in width.items()}


def require_sound(demands: Sequence[StretchDemand], assigned: Assigned, band: Band) -> None:
    """Every lightpath has a channel inside one part of the band, and no two meet on a pair."""
    part = band.width_ghz / band.parts
    taken: dict[tuple[int, int], list[tuple[float, float]]] = {}
    for item, runs in zip(demands, assigned.runs, strict=True):
        assert sum(run.channels for run in runs) == item.count
        for run in runs:
            for channel in range(run.channels):
                start = run.first_ghz + channel * item.width_ghz
                assert start >= 0
                assert start // part == (start + item.width_ghz - 1e-9) // part
                for segment, pair in zip(item.segments, run.pairs, strict=True):
                    assert 1 <= pair <= assigned.pairs[segment]
                    taken.setdefault((segment, pair), []).append((start, start + item.width_ghz))
    for intervals in taken.values():
        for (_, end), (start, _) in itertools.pairwise(sorted(intervals)):
            assert start >= end - 1e-9


def test_a_demand_of_two_whole_pairs_fills_them_and_no_more() -> None:
    # 4,800 GHz hold 32 channels of 150 GHz, so 64 lightpaths are two pairs on each of their three segments.
    assigned = assign([demand((0, 1, 2), 64)], pairs={0: 2, 1: 2, 2: 2}, most={0: 9, 1: 9, 2: 9})
    assert assigned is not None
    assert [(run.first_ghz, run.channels, run.pairs) for run in assigned.runs[0]] == [
        (0.0, 32, (1, 1, 1)),
        (0.0, 32, (2, 2, 2)),
    ]
    assert assigned.pairs == {0: 2, 1: 2, 2: 2}


def test_three_half_pairs_that_meet_two_by_two_take_one_pair_more_where_it_is_cheapest() -> None:
    # Each of three segments carries two stretches of 16 channels, which is exactly one pair of 32. But any two of the
    # stretches meet, so they need 48 different slots: one segment needs a second pair, segment 0 being the cheapest.
    demands = [demand((0, 1), 16), demand((1, 2), 16), demand((0, 2), 16)]
    pairs = least_pairs(demands, C_BAND)
    assert pairs == {0: 1, 1: 1, 2: 1}
    assigned = assign(demands, pairs=pairs, most={0: 2, 1: 2, 2: 2})
    assert assigned is not None
    assert assigned.pairs == {0: 2, 1: 1, 2: 1}
    require_sound(demands, assigned, C_BAND)


def test_without_a_pair_to_be_had_there_is_no_assignment() -> None:
    demands = [demand((0, 1), 16), demand((1, 2), 16), demand((0, 2), 16)]
    assert assign(demands, pairs={0: 1, 1: 1, 2: 1}, most={0: 1, 1: 1, 2: 1}) is None


def test_a_channel_wider_than_the_band_has_no_slot() -> None:
    assert assign([demand((0,), 1, width_ghz=5000.0)], pairs={0: 1}, most={0: 9}) is None


def test_no_channel_lies_across_the_gap_between_c_and_l() -> None:
    # 2 x 4,800 GHz hold 2 x 2 channels of 2,000 GHz; 9,600 GHz without the gap would hold 4 too, but one across it.
    band = Band(width_ghz=9600.0, parts=2)
    assigned = assign([demand((0,), 4, width_ghz=2000.0)], pairs={0: 1}, most={0: 1}, band=band)
    assert assigned is not None
    starts = [run.first_ghz + 2000.0 * channel for run in assigned.runs[0] for channel in range(run.channels)]
    assert sorted(starts) == [0.0, 2000.0, 4800.0, 6800.0]


@st.composite
def networks(draw: st.DrawFn, widths: Sequence[float], most_count: int) -> list[StretchDemand]:
    segments = draw(st.integers(1, 5))
    stretch = st.lists(st.integers(0, segments - 1), min_size=1, max_size=4, unique=True)
    number = draw(st.integers(1, 6))
    return [
        demand(draw(stretch), draw(st.integers(1, most_count)), width_ghz=draw(st.sampled_from(widths)))
        for _ in range(number)
    ]


@settings(max_examples=150, deadline=None)
@given(networks(widths=(75.0, 150.0, 87.5, 100.0, 141.8), most_count=150), st.sampled_from((1, 2)))
def test_any_assignment_is_sound_and_takes_at_least_the_spectrum(demands: list[StretchDemand], parts: int) -> None:
    band = Band(width_ghz=4800.0 * parts, parts=parts)
    pairs = least_pairs(demands, band)
    assigned = assign(
        demands, pairs=pairs, most={segment: 10 * count + 20 for segment, count in pairs.items()}, band=band
    )
    assert assigned is not None
    require_sound(demands, assigned, band)
    assert all(assigned.pairs[segment] >= count for segment, count in pairs.items())
    assert assigned == assign(
        demands, pairs=pairs, most={segment: 10 * count + 20 for segment, count in pairs.items()}, band=band
    )


@settings(max_examples=150, deadline=None)
@given(networks(widths=(2400.0, 1600.0), most_count=4).filter(lambda items: len({d.width_ghz for d in items}) == 1))
def test_the_cost_of_further_pairs_is_that_of_the_best_of_all_assignments(demands: list[StretchDemand]) -> None:
    pairs = least_pairs(demands, C_BAND)
    assigned = assign(demands, pairs=pairs, most=dict.fromkeys(pairs, 99))
    assert assigned is not None
    spent = sum((segment + 1) * (assigned.pairs[segment] - count) for segment, count in pairs.items())
    assert spent == least_further_cost(demands, pairs)


def least_further_cost(demands: Sequence[StretchDemand], pairs: Mapping[int, int]) -> int:
    """By trying every way to spread the lightpaths over the slots, slots of equal load being the same."""
    slots = round(C_BAND.width_ghz / demands[0].width_ghz)
    spreads = [
        [spread for spread in itertools.product(range(item.count + 1), repeat=slots) if sum(spread) == item.count]
        for item in demands
    ]
    reached: set[tuple[tuple[int, ...], ...]] = {tuple((0,) * slots for _ in pairs)}
    order = sorted(pairs)
    for item, choices in zip(demands, spreads, strict=True):
        touched = [segment in item.segments for segment in order]
        reached = {
            tuple(
                tuple(a + b for a, b in zip(load, choice, strict=True)) if is_touched else load
                for load, is_touched in zip(loads, touched, strict=True)
            )
            for loads in reached
            for choice in choices
        }
    return min(
        sum((segment + 1) * max(0, max(load) - pairs[segment]) for segment, load in zip(order, loads, strict=True))
        for loads in reached
    )


@pytest.mark.parametrize(("width_ghz", "channels"), [(75.0, 64), (150.0, 32), (100.0, 48), (87.5, 54)])
def test_a_pair_of_the_c_band_holds_whole_channels_only(width_ghz: float, channels: int) -> None:
    full = assign([demand((0,), channels, width_ghz=width_ghz)], pairs={0: 1}, most={0: 5})
    more = assign([demand((0,), channels + 1, width_ghz=width_ghz)], pairs={0: 1}, most={0: 5})
    assert full is not None
    assert more is not None
    assert (full.pairs, more.pairs) == ({0: 1}, {0: 2})
