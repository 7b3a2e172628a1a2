"""The soak's judgment of what it saw."""

from dataclasses import replace

from benchmarks.service_soak import CALLERS, WARM_ROUNDS, Look, leaks

STEADY = Look(resident_bytes=200 * 2**20, descriptors=25, threads=20, processes=2, rows=0)
GROWTH = [STEADY] * (WARM_ROUNDS + 1)


def test_a_server_that_stays_as_it_was_has_no_leak() -> None:
    assert leaks([*GROWTH, replace(STEADY, descriptors=STEADY.descriptors + CALLERS)]) == []


def test_whatever_grows_is_a_leak() -> None:
    names = []
    for name in ("resident_bytes", "descriptors", "threads", "processes", "rows"):
        grown = replace(STEADY, **{name: 2 * getattr(STEADY, name) + 10})
        (fault,) = leaks([*GROWTH, grown])
        names.append(fault.split()[0])
    assert names == ["memory", "descriptors", "threads", "processes", "rows"]


def test_what_a_cold_server_had_less_is_no_leak() -> None:
    cold = replace(STEADY, resident_bytes=50 * 2**20, descriptors=5, threads=3)
    assert leaks([cold, *GROWTH]) == []
