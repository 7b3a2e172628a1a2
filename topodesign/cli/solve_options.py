"""Options of a solve that ``plan``, ``submit`` and ``sweep`` share."""

import inspect
from collections.abc import Callable
from typing import Annotated, get_args

import typer

from topodesign.cli.completion import words_of
from topodesign.cli.usage import choice_of
from topodesign.domain.checks import require_number
from topodesign.domain.errors import InvalidInput
from topodesign.domain.solve_limits import Objective, SolveLimits

DEFAULTS = SolveLimits()
LARGEST_SEED = 2**31 - 1
"""The solvers hold seeds in 32 bits, with a sign."""
MOST_THREADS = 256
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)

TimeLimit = Annotated[float, typer.Option("--time-limit", help="Seconds, model building included.")]
Gap = Annotated[float, typer.Option("--gap", help="Relative gap to stop at; 0.002 is 0.2 %.")]
Seed = Annotated[int, typer.Option("--seed", help="Seed of the solvers.")]
Threads = Annotated[int, typer.Option("--threads", help="Most threads to use.")]
ObjectiveName = Annotated[
    Objective | None,
    typer.Option(
        "--objective",
        parser=choice_of(OBJECTIVES),
        metavar=f"[{'|'.join(OBJECTIVES)}]",
        autocompletion=words_of(OBJECTIVES),
        help="What to optimize; by default what the scenario asks for: most accelerators with size.budget_usd (where "
        "effective-flops may be asked for instead), least sync time with policy.budget_usd, otherwise least cost.",
    ),
]


def require_in_range(*, time_limit: float, gap: float, seed: int, threads: int) -> None:
    """Raise :class:`InvalidInput` for an option out of its range, before any file is read."""
    require_number(time_limit, field="--time-limit", above=0)
    require_number(gap, field="--gap", at_least=0, at_most=1)
    require_number(seed, field="--seed", at_least=0, at_most=LARGEST_SEED)
    require_number(threads, field="--threads", at_least=1, at_most=MOST_THREADS)


def require_default(command: Callable[..., object], of: str, **given: object) -> None:
    """Raise :class:`InvalidInput` for an option that is given beside a file of ``--definition``, which says it too.

    Parameters
    ----------
    command : callable
        Whose parameters have the defaults.
    of : str
        What the options are of.
    given : object
        Values by parameter.
    """
    defaults = inspect.signature(command).parameters
    for name, value in given.items():
        if value != defaults[name].default:
            option = f"--{name.replace('_', '-')}"
            raise InvalidInput(f"{option} is of {of}; say it in the file of --definition", field_path=option)
