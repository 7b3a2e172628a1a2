"""Wrong command lines: which command, option or word was meant, told in one form for people and in JSON."""

from collections.abc import Callable, Sequence
from typing import Any

import typer
from typer.core import TyperGroup
from typer.exceptions import TyperException

from topodesign.domain.errors import InvalidInput
from topodesign.domain.nearest import nearest


class CommandGroup(TyperGroup):
    """Commands of which an unknown one is answered with the nearest that there is."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the first argument names."""
        name = args[0]
        if not ctx.resilient_parsing and not name.startswith("-") and name not in self.commands:
            raise usage_error(f"no command {name!r}; {nearest(name, self.commands)}", ctx.command_path)
        return super().resolve_command(ctx, args)


def choice_of(choices: Sequence[str]) -> Callable[[str], str]:
    """What reads an option that takes one of these words, for ``typer.Option(parser=...)``."""

    def word(text: str) -> str:
        if text not in choices:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(choices)}; {nearest(text, choices)}")
        return text

    return word


def usage_error(message: str, command_path: str) -> InvalidInput:
    """The error of a wrong command line, with where to read how it is done."""
    return InvalidInput(f"{_without_period(message)}; see {command_path} --help", reason="USAGE_INVALID")


def is_request_for_help(error: TyperException) -> bool:
    """Whether a group of commands was given nothing at all: then ``error`` holds its help."""
    return type(error).__name__ == "NoArgsIsHelpError"  # the class itself has no public name


def as_usage_error(error: TyperException, *, command_path: str) -> InvalidInput:
    """What the parser of the command line refused, in our words; ``command_path`` is where it does not name a command.

    It raises errors of an option, an argument or neither, and none of these classes has a public name.
    """
    context: Any = getattr(error, "ctx", None)
    path = command_path if context is None else context.command_path
    option: str | None = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities") and context is not None:  # one that there is not
        known = [name for parameter in context.command.get_params(context) for name in parameter.opts]
        return usage_error(f"no option {option}; {nearest(option, (n for n in known if n.startswith('--')))}", path)
    return usage_error(error.format_message(), path)


def _without_period(message: str) -> str:
    """A list that goes on keeps its dots."""
    return message if message.endswith("...") else message.rstrip(".")
