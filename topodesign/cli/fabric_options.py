"""Options of ``topodesign fabric`` that come in groups: each is a parameter that typer reads from a signature."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any

import typer

from topodesign.domain.errors import InvalidInput

Given = Mapping[str, str | float | bool | None]
"""Options by field name; ``None`` or ``False``: not given."""


def flag(name: str) -> str:
    """The option of a field, as it is written."""
    return "--" + name.replace("_", "-")


def option(name: str, kind: type, meaning: str) -> inspect.Parameter:
    """An option that may be left out; one of kind ``bool`` is a flag."""
    declared = typer.Option(flag(name), help=f"{meaning}.")
    annotation: Any = Annotated[bool, declared] if kind is bool else Annotated[kind | None, declared]
    return inspect.Parameter(
        name,
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        default=False if kind is bool else None,
        annotation=annotation,
    )


def take_options(
    command: Callable[..., None], *, first: Sequence[inspect.Parameter] = (), last: Sequence[inspect.Parameter] = ()
) -> None:
    """Have a command take further options, before and after its own, in the place of its ``**`` parameter."""
    plain = inspect.signature(command, eval_str=True)
    own = [item for item in plain.parameters.values() if item.kind is not inspect.Parameter.VAR_KEYWORD]
    arguments = [item for item in own if item.default is inspect.Parameter.empty]
    options = [item for item in own if item.default is not inspect.Parameter.empty]
    together = plain.replace(parameters=[*arguments, *first, *options, *last])
    command.__signature__ = together  # type: ignore[attr-defined]


def given_of(given: Given, names: Iterable[str]) -> dict[str, str | float | bool]:
    """The options of a group that were given."""
    found = {name: given.get(name) for name in names}
    return {name: value for name, value in found.items() if value is not None and value is not False}


def refuse_option(name: str, why: str) -> InvalidInput:
    """The error for an option that does not go with the others."""
    return InvalidInput(f"{flag(name)} {why}", reason="USAGE_INVALID", field_path=flag(name))
