"""Kinds of fabrics on the command line: their options follow from the fields of their specs.

A new family needs its spec in :data:`topodesign.domain.fabric.SPEC_OF_KIND`, and a line in :data:`OPTIONS` for every
field name that no other family has.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Literal, NoReturn, get_args, get_origin, get_type_hints

from topodesign.cli.fabric_options import Given, flag, option
from topodesign.domain.errors import InvalidInput
from topodesign.domain.fabric import SPEC_OF_KIND, FabricSpec
from topodesign.domain.nearest import meant

FAT_TREE, CUSTOM = "fat-tree", "custom"
KINDS = tuple(sorted((*SPEC_OF_KIND, FAT_TREE)))
COMMON_FIELDS = {"link_gbps"}
MOST_DIGITS = 18
"""Digits of a whole number; no field takes more, and Python refuses to read thousands of them."""

OPTIONS: Mapping[str, tuple[str, str]] = {
    "shape": ("16x16x16", "sides with x between them; hammingmesh: boards along and across"),
    "wrap": ("1,1,0", "1 or 0 for each axis; default: all wrap"),
    "two_wide": ("single", "links of a wrapped axis of side 2: single or double (default)"),
    "twist": ("", "wraps are twisted; sides n x n x 2n or n x 2n x 2n"),
    "pod_blocks": ("64", "blocks of 4x4x4 in the pod"),
    "ocs_ports": ("136", "ports of an optical circuit switch"),
    "spare_ports": ("8", "ports of an optical circuit switch kept for repair"),
    "dimension": ("12", "2^dimension accelerators"),
    "board": ("2x2", "accelerators along and across a board"),
    "accelerators": ("4096", "accelerators"),
    "radix": ("64", "ports of a switch"),
    "tiers": ("3", "2 or 3; default: the least that fit, a single switch if it has the ports"),
    "oversubscription": ("2", "capacity down over up at the leaves; default 1"),
    "upper_oversubscription": ("2", "capacity down over up at the second of three tiers; default 1"),
    "upper_radix": ("64", "ports of the switches above the leaves"),
    "pod_leaves": ("16", "leaves of a pod of three tiers"),
    "planes": ("2", "parallel copies; default 1"),
    "rail_optimized": ("", "accelerators of one rank share a leaf"),
    "domain": ("72", "accelerators of a scale-up domain"),
    "scale_up_switches": ("18", "scale-up switches of a domain"),
    "scale_up_gbps": ("400", "rate from an accelerator to each scale-up switch, one direction, Gbit/s"),
    "rails": ("optimized", "none, optimized (default) or only"),
    "domain_rails": ("8", "rails of a domain; default: one for each accelerator"),
    "p": ("4", "accelerators of a router or leaf"),
    "a": ("8", "routers of a group"),
    "h": ("4", "global links of a router or spine, uplinks of an aggregation switch"),
    "groups": ("16", "groups; default: the most there can be"),
    "leaves": ("16", "leaves of a group or block"),
    "spines": ("16", "spines of a group"),
    "blocks": ("16", "blocks"),
    "aggregations": ("16", "aggregation switches of a block"),
    "leaf_links": ("1", "links from a leaf to each aggregation switch"),
    "q": ("19", "a prime power"),
    "switches": ("256", "switches"),
    "network_ports": ("48", "ports of a switch to other switches"),
    "server_ports": ("16", "accelerators of a switch"),
    "seed": ("0", "seed of the random links"),
    "edges": ("links.csv", "file of edges; its first line is like accelerators,gpu-*"),
}
"""For every field: a value for messages, and what it means."""
FLAGS = frozenset({"twist", "rail_optimized"})
EXAMPLES: Mapping[tuple[str, str], str] = {(FAT_TREE, "radix"): "32", ("hammingmesh", "shape"): "32x32"}


@dataclass(frozen=True, slots=True, kw_only=True)
class KindOption:
    """An option of a kind: how its text is read, and whether the kind can do without it."""

    name: str
    read: Callable[[str], object]
    is_needed: bool


def spec_of(kind: str, given: Given, *, link_gbps: float) -> FabricSpec:
    """The spec of a kind by the options that were given, by field name (``None``: not given).

    Raises
    ------
    InvalidInput
        For an unknown kind (``FABRIC_KIND_UNKNOWN``), an option of other kinds or one that lacks (``USAGE_INVALID``),
        and everything that the spec refuses.
    """
    if kind not in KINDS:
        _refuse_kind(kind)
    options = kind_options(kind)
    values: dict[str, object] = {}
    for name, value in given.items():
        if value is None:
            continue
        if name not in options:
            taken = ", ".join(sorted(flag(known) for known in options))
            raise InvalidInput(
                f"{flag(name)} does not belong to {kind}; leave it out, {kind} takes {taken}",
                reason="USAGE_INVALID",
                field_path=flag(name),
                metadata={"kind": kind},
            )
        values[name] = options[name].read(value) if isinstance(value, str) else value
    for known in options.values():
        if known.is_needed and known.name not in values:
            example = EXAMPLES.get((kind, known.name), OPTIONS[known.name][0])
            raise InvalidInput(
                f"{kind} needs {flag(known.name)}; add for example {flag(known.name)} {example}",
                reason="USAGE_INVALID",
                field_path=flag(known.name),
            )
    return _built(kind, values, link_gbps)


@cache
def kind_options(kind: str) -> Mapping[str, KindOption]:
    """The options of a kind, by field name."""
    if kind == FAT_TREE:
        return {"radix": KindOption(name="radix", read=_whole_number("radix"), is_needed=True)}
    if kind == CUSTOM:
        return {"edges": KindOption(name="edges", read=Path, is_needed=True)}
    spec = SPEC_OF_KIND[kind]
    hints = get_type_hints(spec)
    return {
        item.name: KindOption(name=item.name, read=_reader(item.name, hints[item.name]), is_needed=_is_needed(item))
        for item in fields(spec)
        if item.name not in COMMON_FIELDS
    }


def kind_parameters() -> list[inspect.Parameter]:
    """An option for every field that some kind has, for typer."""
    return [
        option(name, bool if name in FLAGS else str, f"{', '.join(kinds_with(name))}: {meaning}")
        for name, (_, meaning) in OPTIONS.items()
    ]


def kinds_with(name: str) -> tuple[str, ...]:
    """The kinds that take an option."""
    return tuple(kind for kind in KINDS if name in kind_options(kind))


def _built(kind: str, values: Mapping[str, object], link_gbps: float) -> FabricSpec:
    if kind == FAT_TREE:
        from topodesign.fabric import fat_tree

        radix = values["radix"]
        assert isinstance(radix, int)
        return fat_tree(radix, link_gbps=link_gbps)
    if kind == CUSTOM:
        from topodesign.fabric import read_edge_list

        path = values["edges"]
        assert isinstance(path, Path)
        return read_edge_list(path, link_gbps=link_gbps)
    make: Callable[..., FabricSpec] = SPEC_OF_KIND[kind]
    return make(**values, link_gbps=link_gbps)


def _is_needed(item: "Field[object]") -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _reader(name: str, hint: object) -> Callable[[str], object]:
    """How a text becomes a value of a field, by the field's type (``None`` aside: then the option is left out)."""
    members = [member for member in get_args(hint) if member is not type(None)]
    is_optional = type(None) in get_args(hint) and len(members) == 1
    bare = members[0] if is_optional else hint
    if get_origin(bare) is Literal:
        return _choice(name, get_args(bare))
    readers: dict[object, Callable[[str], object]] = {
        int: _whole_number(name),
        float: _number(name),
        bool: _flags(name),
        tuple[int, ...]: _sides(name),
        tuple[bool, ...]: _flags(name),
    }
    return readers[bare]


def _whole_number(name: str) -> Callable[[str], int]:
    def read(text: str) -> int:
        digits = text.strip().removeprefix("-")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
            _refuse(name, text, "a whole number")
        return int(text)

    return read


def _number(name: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            return float(text)
        except ValueError:
            _refuse(name, text, "a number")

    return read


def _sides(name: str) -> Callable[[str], tuple[int, ...]]:
    def read(text: str) -> tuple[int, ...]:
        parts = text.lower().split("x")
        if not all(part.isascii() and part.isdigit() and len(part) <= MOST_DIGITS for part in parts):
            _refuse(name, text, "whole numbers with x between them")
        return tuple(int(part) for part in parts)

    return read


def _flags(name: str) -> Callable[[str], tuple[bool, ...]]:
    def read(text: str) -> tuple[bool, ...]:
        parts = [part.strip() for part in text.split(",")]
        if not all(part in ("0", "1") for part in parts):
            _refuse(name, text, "0 or 1 for each axis")
        return tuple(part == "1" for part in parts)

    return read


def _choice(name: str, choices: tuple[str, ...]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in choices:
            _refuse(name, text, " or ".join(choices))
        return text

    return read


def _refuse(name: str, text: str, wanted: str) -> NoReturn:
    shown = text if len(text) <= 60 else f"{text[:60]}..."
    raise InvalidInput(
        f"{flag(name)} is {shown!r}, but it must be {wanted}; give for example {OPTIONS[name][0]}",
        field_path=name,
        metadata={"value": shown},
    )


def _refuse_kind(kind: str) -> NoReturn:
    raise InvalidInput(
        f"fabric kind is {kind[:60]!r}, but it must be one of {', '.join(KINDS)}; {meant(kind, KINDS)}",
        reason="FABRIC_KIND_UNKNOWN",
        field_path="kind",
        metadata={"value": kind[:60], "limit": ", ".join(KINDS)},
    )
