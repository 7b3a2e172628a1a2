"""Settings from defaults, a TOML file, the environment and the command line; each overrides those before it."""

import difflib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import get_args, get_type_hints

from topodesign.domain.errors import InvalidInput
from topodesign_server.options import Option, check, options_of
from topodesign_server.settings import ServerSettings

PREFIX = "TOPODESIGN_"
NONE = "none"
MOST_FILE_BYTES = 1024 * 1024
OPTIONS = options_of(ServerSettings)
TYPES = get_type_hints(ServerSettings)
WORDS: Mapping[type, str] = {
    str: "a text",
    Path: "a text (a path)",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """The settings of a server, where each that is not a default came from, and variables that mean nothing."""

    settings: ServerSettings
    origins: Mapping[str, str]
    ignored: Sequence[str]


def read_configuration(
    path: Path | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    given: Mapping[str, object] | None = None,
    assignments: Sequence[str] = (),
) -> Configuration:
    """Put the settings together.

    Parameters
    ----------
    path : Path, optional
        A TOML file whose keys are options.
    environment : mapping, optional
        Variables; ``TOPODESIGN_PORT`` is the option ``port``. An empty one counts as not set.
    given : mapping, optional
        Options of the command line, by name.
    assignments : sequence of str
        More of them, as ``name=value``.

    Raises
    ------
    InvalidInput
        With every option that is unknown, of another type or out of its range.
    """
    problems: list[InvalidInput] = []
    values: dict[str, object] = {}
    origins: dict[str, str] = {}

    def take(name: str, origin: str, read: Callable[[], object]) -> None:
        try:
            value = read()
            check(name, value, OPTIONS[name][1])
        except InvalidInput as error:
            problems.append(_located(error, origin))
        else:
            values[name], origins[name] = value, origin

    for name, value in _file_content(path).items():
        take(name, str(path), lambda name=name, value=value: _typed(_known(name), value))  # type: ignore[misc]
    ignored = []
    for variable, text in sorted((environment or {}).items()):
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or not text:
            continue
        if name in OPTIONS:
            take(name, f"environment, {variable}", lambda name=name, text=text: _parsed(name, text))  # type: ignore[misc]
        else:
            ignored.append(variable)
    for assignment in assignments:
        name, _, text = assignment.partition("=")
        take(name, f"--set {_shown(name)}", lambda name=name, text=text: _parsed(_known(name), text))  # type: ignore[misc]
    for name, value in (given or {}).items():
        take(name, "command line", lambda value=value: value)  # type: ignore[misc]
    _raise(problems)
    return Configuration(settings=ServerSettings(**values), origins=origins, ignored=ignored)  # type: ignore[arg-type]


def _file_content(path: Path | None) -> Mapping[str, object]:
    if path is None:
        return {}
    with path.open("rb") as file:
        content = file.read(MOST_FILE_BYTES + 1)
    if len(content) > MOST_FILE_BYTES:
        raise InvalidInput(
            f"{path} has more than {MOST_FILE_BYTES} bytes, which a configuration may not have; give the right file",
            reason="CONFIGURATION_INVALID",
        )
    try:
        return tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"{path} is no TOML: {error}; correct it", reason="CONFIGURATION_INVALID") from None


def _known(name: str) -> str:
    if name in OPTIONS:
        return name
    nearest = difflib.get_close_matches(name, OPTIONS, n=1, cutoff=0.0)[0]
    raise InvalidInput(
        f"{_shown(repr(name))} is no option; the nearest is {nearest}, and --print-config lists all",
        reason="OPTION_UNKNOWN",
        field_path=_shown(name),
        metadata={"nearest": nearest},
    )


def _typed(name: str, value: object) -> object:
    """A value of TOML as the type of its option; ``"none"`` stands for none, which TOML does not have."""
    kind, may_be_none = _kind(name)
    if may_be_none and value == NONE:
        return None
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value) if abs(value) < 2**1000 else value
    if kind is Path and isinstance(value, str) and value:
        return Path(value)
    if type(value) is kind:
        return value
    raise _mistyped(name, value)


def _parsed(name: str, text: str) -> object:
    """A value that came as text."""
    kind, may_be_none = _kind(name)
    if may_be_none and text == NONE:
        return None
    if kind is bool and text in ("true", "false"):
        return text == "true"
    if kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            raise _mistyped(name, text) from None
    return _typed(name, text)


def _kind(name: str) -> tuple[type, bool]:
    """Type of an option, and whether there may be none."""
    hint = TYPES[name]
    if isinstance(hint, UnionType):
        kinds = [kind for kind in get_args(hint) if kind is not NoneType]
        return kinds[0], True
    return hint, False


def _mistyped(name: str, value: object) -> InvalidInput:
    kind, may_be_none = _kind(name)
    expected = WORDS[kind] + (f' or "{NONE}"' if may_be_none else "")
    described: Option = OPTIONS[name][1]
    shown = "hidden" if described.is_secret else _shown(repr(value))
    if described.range:
        expected += f", {described.range}"
    return InvalidInput(
        f"{name} is {shown}, but it must be {expected}; {described.about}",
        field_path=name,
        metadata={"value": shown, "limit": expected},
    )


def _located(error: InvalidInput, origin: str) -> InvalidInput:
    return InvalidInput(
        f"{origin}: {error.message}", reason=error.reason, field_path=error.field_path, metadata=error.metadata
    )


def _raise(problems: Sequence[InvalidInput]) -> None:
    if not problems:
        return
    first = problems[0]
    text = first.message
    if len(problems) > 1:
        text = f"the configuration has {len(problems)} problems:" + "".join(f"\n  {one.message}" for one in problems)
    raise InvalidInput(
        text, reason="CONFIGURATION_INVALID", field_path=first.field_path, metadata=first.metadata
    ) from None


def _shown(text: str) -> str:
    return text if len(text) <= 80 else text[:79] + "…"
