"""The description of every key of ``scenario.toml`` is held against the reader, in both directions."""

import dataclasses
import math

import pytest

from topodesign.domain.errors import InvalidInput
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.setting_keys import SettingKey, setting_keys
from topodesign.scenario.settings import GENERAL, SECTIONS, read_settings
from topodesign.scenario.starter import settings_text, toml_value

SOUND = {"workload.sync_time_s": 1.0, "size.accelerators": 2000}
IN_PLACE_OF = {
    "workload.utilization": "workload.sync_time_s",
    "size.power_mw": "size.accelerators",
    "size.budget_usd": "size.accelerators",
}
KEYS = setting_keys()


def problems_with(values: dict[str, object]) -> list[str]:
    log = ProblemLog()
    read_settings(settings_text(values).encode(), log)
    return [f"{problem.field}: {problem.message}" for problem in log.problems]


def sound_but(path: str, value: object) -> dict[str, object]:
    values = {name: kept for name, kept in SOUND.items() if name != IN_PLACE_OF.get(path)}
    return values | {path: value}


def test_the_keys_are_those_that_the_reader_takes_and_no_others() -> None:
    taken = set(GENERAL) | {
        f"{name}.{item.name}" for name, kind in SECTIONS.items() for item in dataclasses.fields(kind)
    }
    assert {key.path for key in KEYS} == taken
    assert len(KEYS) == len(taken)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
def test_the_reader_takes_the_example_of_every_key(key: SettingKey) -> None:
    assert problems_with(sound_but(key.path, key.example)) == []


@pytest.mark.parametrize("key", [key for key in KEYS if key.interval is not None], ids=lambda key: key.path)
def test_the_reader_refuses_what_lies_outside_of_the_range(key: SettingKey) -> None:
    interval = key.interval
    assert interval is not None
    refused = [interval.low] if interval.is_low_open else [interval.low - 1]
    if interval.is_high_open or not math.isinf(interval.high):
        refused.append(interval.high if interval.is_high_open else interval.high * 2 + 1)
    for value in refused:
        number = int(value) if key.kind == "whole number" else value
        found = problems_with(sound_but(key.path, number))
        assert any(problem.startswith(f"{key.path}:") for problem in found), (number, found)


@pytest.mark.parametrize("key", [key for key in KEYS if key.interval is not None], ids=lambda key: key.path)
def test_the_ends_of_the_range_belong_to_it(key: SettingKey) -> None:
    interval = key.interval
    assert interval is not None
    ends = [] if interval.is_low_open else [interval.low]
    # whole numbers of files have 31 bits, counts of parameters and inner steps hang on others: these ends are no limits
    if not interval.is_high_open and interval.high < 1e9 and key.path != "workload.layers":
        ends.append(interval.high)
    for value in ends:
        number = int(value) if key.kind == "whole number" else value
        assert problems_with(sound_but(key.path, number)) == []


@pytest.mark.parametrize("key", [key for key in KEYS if key.choices], ids=lambda key: key.path)
def test_the_reader_takes_every_word_to_choose_from_and_no_other(key: SettingKey) -> None:
    for word in key.choices:
        value = [word] if key.kind == "list of text" else word
        assert problems_with(sound_but(key.path, value)) == []
    other = ["nothing like it"] if key.kind == "list of text" else "nothing like it"
    assert problems_with(sound_but(key.path, other))


def test_what_is_commented_out_is_the_default() -> None:
    """With every default written out the settings are those of a file that leaves them out."""
    defaults = {key.path: key.default for key in KEYS if key.default is not None}
    logs = [ProblemLog(), ProblemLog()]
    written = read_settings(settings_text(defaults | SOUND).encode(), logs[0])
    left_out = read_settings(settings_text(SOUND).encode(), logs[1])
    assert not any(log.problems for log in logs)
    for section in SECTIONS:
        assert getattr(written, section) == getattr(left_out, section)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.6e11, "1.6e11"),
        (6e7, "60000000.0"),
        (2 / 3, "0.6666666666666666"),
        (16.0, "16.0"),
        (math.inf, "inf"),
        (5, "5"),
        ('a "b"', '"a \\"b\\""'),
        (["site", "zone"], '["site", "zone"]'),
    ],
)
def test_values_are_written_as_toml_writes_them(value: object, text: str) -> None:
    assert toml_value(value) == text


def test_an_interval_is_written_as_it_is_usual() -> None:
    from topodesign.domain.errors import InternalError
    from topodesign.scenario.setting_keys import Interval

    assert str(Interval.parse("(0, 1]")) == "above 0 and at most 1"
    assert str(Interval.parse("[1, inf]")) == "at least 1"
    with pytest.raises(InternalError):
        Interval.parse("0 to 1")
    assert not issubclass(InternalError, InvalidInput)
