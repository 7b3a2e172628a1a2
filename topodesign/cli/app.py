"""Entry point: finds the command, imports only its module, and turns every error into an exit code.

A command's module has a function (or, for a group, a ``typer.Typer``) and, for a function, a constant ``EXAMPLE`` that
ends its help. Commands end with another code than 0 by ``raise typer.Exit(code)`` and let errors of the tree in
:mod:`topodesign.domain.errors` pass: they are reported here, in JSON when ``--json`` is among the arguments.
"""

import errno
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Annotated, TextIO

import typer
from typer.exceptions import TyperException

from topodesign.cli.completion import wanted_command
from topodesign.cli.interrupt import Interrupt
from topodesign.cli.output import ExitCode, OutputLost, abandon_output, flush_output, note, report, report_interrupt
from topodesign.cli.usage import CommandGroup, as_usage_error, is_request_for_help
from topodesign.domain.errors import InternalError, InvalidInput, NotFound, TopoDesignError, VerificationFailed


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """Where a command is found, and its line in the overview (so that the overview imports none of them)."""

    module: str
    attribute: str
    summary: str


COMMANDS = {
    "init": CommandEntry("topodesign.cli.init", "init", "Write a scenario folder to start from."),
    "plan": CommandEntry("topodesign.cli.plan", "plan", "Place clusters and size links; write the plan into a folder."),
    "sweep": CommandEntry(
        "topodesign.cli.sweep", "sweep", "Plan many variants of a scenario; can be interrupted and gone on with."
    ),
    "pareto": CommandEntry(
        "topodesign.cli.pareto", "pareto", "Weigh two or three goals against each other, with proof between the plans."
    ),
    "buildout": CommandEntry("topodesign.cli.buildout", "buildout", "Plan what to build when, over several years."),
    "robust": CommandEntry(
        "topodesign.cli.robust", "robust", "Choose sites before the future is known: expected cost, risk, regret."
    ),
    "stress": CommandEntry(
        "topodesign.cli.stress", "stress", "Draw outages, cuts and delays at random: what is left of a plan."
    ),
    "import": CommandEntry(
        "topodesign.cli.importing", "import_", "Make a scenario of CSV, KML, Shapefile, GraphML or SNDlib files."
    ),
    "check": CommandEntry("topodesign.cli.check", "check", "Read a scenario and list every problem in it."),
    "verify": CommandEntry("topodesign.cli.verify", "verify", "Check a plan independently of the planner."),
    "diff": CommandEntry("topodesign.cli.diff", "diff", "Show what changes from one plan to another, and its cost."),
    "explain": CommandEntry("topodesign.cli.explain", "explain", "Say why a plan, or one thing of it, is as it is."),
    "report": CommandEntry("topodesign.cli.report", "report", "Make a plan's report and charts again; explain it."),
    "fabric": CommandEntry("topodesign.cli.fabric", "fabric", "Evaluate and compare fabrics inside a site."),
    "optics": CommandEntry("topodesign.cli.optics", "optics", "Design one optical link; list transceiver modes."),
    "training": CommandEntry(
        "topodesign.cli.training", "training", "Estimate a training job over sites: bandwidth, goodput, sharding."
    ),
    "catalog": CommandEntry("topodesign.cli.catalog", "catalog", "List equipment, and where its figures come from."),
    "serve": CommandEntry("topodesign.cli.serve", "serve", "Run the gRPC service."),
    "token": CommandEntry("topodesign.cli.token", "token", "Make, list and revoke the tokens of the service."),
    "submit": CommandEntry("topodesign.cli.submit", "submit", "Submit a scenario, or a sweep of it, to the service."),
    "watch": CommandEntry("topodesign.cli.watch", "watch", "Follow the progress of a job."),
    "cancel": CommandEntry(
        "topodesign.cli.cancel", "cancel", "Cancel a job; its best plan is kept if it comes in time."
    ),
    "jobs": CommandEntry("topodesign.cli.jobs", "jobs", "List the jobs of the service."),
    "fetch": CommandEntry("topodesign.cli.fetch", "fetch", "Fetch the result of a job."),
}

EXIT_CODES = (
    "Exit codes: 0 done; 1 a defect of topodesign; 2 bad usage or bad input; 3 infeasible; "
    "4 a plan failed verification; 5 limit reached with no plan; 6 service unavailable or full; 130 interrupted; "
    "141 the reader of the output went away."
)
COMPLETION = "_TOPODESIGN_COMPLETE"
"""Set by a shell that asks for completions; the name is typer's."""
COMPLETION_OPTIONS = frozenset({"--install-completion", "--show-completion"})
EXAMPLE = "Example: topodesign plan sample_sites/two-campus --out plan-out --time-limit 60 --gap 0.01"


def main(arguments: Sequence[str] | None = None) -> None:
    """Console entry point: runs one command and exits with its code."""
    _keep_standard_streams()
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Run one command line (without the program's name) and return its exit code."""
    stdout = sys.stdout
    try:
        code = _run_reporting(list(arguments))
        _require_unbroken(stdout)
        flush_output()
        return code
    except OutputLost as lost:
        return abandon_output(lost)


def _require_unbroken(stdout: TextIO) -> None:
    """Typer, when it meets a broken pipe, puts another stdout in place of the one there was, and says no more."""
    if sys.stdout is not stdout:
        sys.stdout = stdout
        raise OutputLost(BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE)))


def _run_reporting(arguments: list[str]) -> int:
    """Run a command and report what it ends with, in the form that was asked for."""
    as_json = "--json" in arguments
    with Interrupt().watched() as interrupt:
        try:
            code = _run_command(arguments)
        except KeyboardInterrupt:
            return report_interrupt(as_json=as_json)
        except OutputLost:
            raise
        except TopoDesignError as error:
            if isinstance(error, InternalError) and not isinstance(error, VerificationFailed):
                traceback.print_exc(file=sys.stderr or StringIO())
            return report(error, as_json=as_json)
        except OSError as error:
            flush_output()  # when it is stdout that failed, then it fails again here
            return report(_as_input_error(error), as_json=as_json)
        except Exception as error:  # noqa: BLE001  # the process boundary: a defect still ends in one document and a code
            traceback.print_exc(file=sys.stderr or StringIO())
            return report(InternalError(f"defect in topodesign: {error!r}; please report it"), as_json=as_json)
    # typer turns an interrupt into this code without a word; a command that ends with it on purpose has said why
    if code == ExitCode.INTERRUPTED and interrupt.is_set:
        return report_interrupt(as_json=as_json)
    return code


def build_app(wanted: str | None) -> typer.Typer:
    """The command tree: ``wanted`` imported, every other command listed by its summary only.

    Raises
    ------
    NotFound
        When the wanted command's module is not part of this installation.
    """
    app = typer.Typer(
        name="topodesign",
        cls=CommandGroup,
        help="Place AI training clusters over sites and power zones and size the optical links between them.",
        epilog=f"{EXAMPLE}\n\n{EXIT_CODES}",
        no_args_is_help=True,
        add_completion=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_root)
    for name, entry in COMMANDS.items():
        if name == wanted:
            _register(app, name, entry)
        else:
            app.command(name, help=entry.summary)(_listed_only)
    return app


def _run_command(arguments: list[str]) -> int:
    wanted = next((argument for argument in arguments if not argument.startswith("-")), None)
    if wanted is None and COMPLETION in os.environ:
        wanted = wanted_command(os.environ)
    app = build_app(wanted)
    try:
        code = app(arguments, prog_name="topodesign", standalone_mode=False)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else ExitCode.DONE
    except TyperException as error:
        if not is_request_for_help(error):
            path = f"topodesign {wanted}" if wanted in COMMANDS else "topodesign"
            raise as_usage_error(error, command_path=path) from None
        note(error.format_message())
        return ExitCode.BAD_INPUT
    if code == ExitCode.DEFECT and COMPLETION_OPTIONS & set(arguments):
        raise InvalidInput(
            "completion is made for bash, zsh and fish, and the shell that asks is none of them; ask from one of them, "
            f"or print a script with {COMPLETION}=source_bash topodesign",
            reason="SHELL_UNKNOWN",
        )
    return code if isinstance(code, int) else ExitCode.DONE


def _keep_standard_streams() -> None:
    """Fill the places of closed standard streams, so that no file of ours is opened there and written into by others.

    ``sys.stdout`` and its like stay ``None``: what is told there is still found to be lost.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one


def _register(app: typer.Typer, name: str, entry: CommandEntry) -> None:
    try:
        module = importlib.import_module(entry.module)
    except ModuleNotFoundError as error:
        if error.name != entry.module:
            raise
        raise NotFound(
            f"command {name!r} is not part of this installation; install the complete package",
            reason="COMMAND_NOT_INSTALLED",
            metadata={"command": name},
        ) from None
    found = getattr(module, entry.attribute)
    if isinstance(found, typer.Typer):
        app.add_typer(found, name=name, cls=CommandGroup)
    else:
        app.command(name, epilog=getattr(module, "EXAMPLE", None))(found)


def _as_input_error(error: OSError) -> InvalidInput:
    place = error.filename if error.filename is not None else "file"
    return InvalidInput(f"{place}: {error.strerror or error}; check the path and its permissions", reason="FILE_ACCESS")


def _version(wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        typer.echo(version("topodesign"))
    except PackageNotFoundError:
        typer.echo("unknown (not installed)")
    raise typer.Exit


def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


def _listed_only() -> None:
    """Stands for a command in the overview; the command that is asked for is always the real one."""
    raise InternalError("a command was run without its module")


if __name__ == "__main__":
    main()
