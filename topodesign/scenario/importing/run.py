"""An import from beginning to end: read, join, check, write."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from topodesign.domain.errors import Conflict, InvalidInput, InvalidScenario, Problem
from topodesign.scenario.importing.draft import Draft
from topodesign.scenario.importing.files import SourceFile, read_source
from topodesign.scenario.importing.network import Folder, Item, Network, assembled
from topodesign.scenario.importing.options import ImportOptions, Kind
from topodesign.scenario.importing.renaming import Renaming
from topodesign.scenario.importing.words import counted
from topodesign.scenario.importing.written import ZONE_ID, files_of, settings_note, starting_settings
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.reading import check_scenario, survey_files
from topodesign.scenario.sources import (
    FIBER,
    JUNCTIONS,
    KINDS,
    SETTINGS_FILE,
    SITES,
    gather_folder,
)
from topodesign.scenario.whole_folders import write_whole

Reader = Callable[[SourceFile, Renaming, ProblemLog], Draft]

STILL_MISSING = frozenset(
    {
        "FILE_MISSING",
        "FILE_EMPTY",
        "COLUMN_MISSING",
        "VALUE_MISSING",
        "ZONE_UNKNOWN",
        "SITE_IN_NO_ZONE",
        "SITE_IN_TWO_ZONES",
        "SITE_WITHOUT_FIBER",
        "SITE_UNREACHABLE",
    }
)
"""Reasons that another file, or a column more, can put right later: what is there is sound as far as it goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What was written, and what ``topodesign check`` says of the folder now.

    ``notes`` are about the import: what was joined, renamed, assumed and left out. ``assumptions`` are the defaults
    that stand for columns which the files that were written lack, ``problems`` what is still missing; none when it is a
    sound scenario.
    """

    files: tuple[Path, ...]
    sites: int
    junctions: int
    segments: int
    demands: int
    tolerance_m: float
    notes: tuple[str, ...]
    assumptions: tuple[str, ...]
    problems: tuple[Problem, ...]


def import_files(kind: Kind, sources: Sequence[Path], out: Path, options: ImportOptions) -> ImportReport:
    """Make scenario files of foreign ones, in a folder that may hold others already.

    Sites and junctions that the folder has are kept, and lines are joined to them. All files are written, or none.

    Parameters
    ----------
    kind : Kind
        What all of the sources are.
    sources : sequence of Path
        A Shapefile is its ``.shp``, the files beside it are found; or a zip archive.
    out : Path
        Made when it does not exist.
    options : ImportOptions

    Raises
    ------
    InvalidScenario
        With every problem of the sources, each with file, feature, field and remedy; nothing was written.
    Conflict
        When a file to be written is there already (``FILE_EXISTS``), or another one of its kind.
    """
    log = ProblemLog()
    renaming = Renaming(wanted=options.columns)
    drafts = _drafts(kind, sources, renaming, log)
    if not log.problems:
        renaming.report_missing([path.name for path in sources], log)
    before = _folder_files(out, replaced=kind == "sites-csv" or options.nodes == "sites", options=options)
    folder = _folder(before)
    network = assembled(drafts, folder, options, log, always_sites=kind == "sites-csv")
    if log.problems:
        raise InvalidScenario(log.problems, source="the import")
    _fill_in(network, options)
    network.notes[:0] = renaming.notes
    fresh = files_of(network, folder, zone_headroom_mw=options.zone_headroom_mw)
    _require_free(out, fresh, options)
    if SETTINGS_FILE not in before:
        fresh[SETTINGS_FILE] = starting_settings(network, out.resolve().name)
        network.notes.append(settings_note(network))
    after = survey_files({**_without_replaced(before, fresh), **fresh})
    _raise_faults(after.problems, network, fresh)
    _write(out, fresh, options)
    return ImportReport(
        files=tuple(out / name for name in fresh),
        sites=len(network.sites),
        junctions=len(network.junctions),
        segments=len(network.segments),
        demands=len(network.demands),
        tolerance_m=options.tolerance_m,
        notes=tuple(network.notes),
        assumptions=tuple(f"{name}: {sentence}" for name in fresh for sentence in after.assumptions.get(name, ())),
        problems=check_scenario(out),
    )


def _reader(kind: Kind) -> tuple[Reader, tuple[str, ...]]:
    """The reader of a kind and the suffixes of files beside a source; imported here, for some bring large libraries."""
    if kind == "sites-csv":
        from topodesign.scenario.importing.sites_csv import read_sites_csv

        return read_sites_csv, ()
    if kind == "fiber-kml":
        from topodesign.scenario.importing.kml import read_kml

        return read_kml, ()
    if kind == "fiber-shapefile":
        from topodesign.scenario.importing.shapefile import SUFFIXES, read_shapefile

        return read_shapefile, SUFFIXES
    if kind == "graphml":
        from topodesign.scenario.importing.graphml import read_graphml_network

        return read_graphml_network, ()
    from topodesign.scenario.importing.sndlib import read_sndlib

    return read_sndlib, ()


def _drafts(kind: Kind, sources: Sequence[Path], renaming: Renaming, log: ProblemLog) -> list[Draft]:
    reader, suffixes = _reader(kind)
    drafts = []
    for path in sources:
        source = read_source(path, log, with_suffixes=suffixes)
        if source is not None:
            drafts.append(reader(source, renaming, log))
    return drafts


def _folder_files(out: Path, *, replaced: bool, options: ImportOptions) -> dict[str, bytes]:
    """The scenario files of the folder, without those that this import puts others in the place of."""
    if not out.is_dir():
        if out.exists() or out.is_symlink():
            raise Conflict(f"{out} is no folder; give another --out", reason="NOT_A_DIRECTORY")
        return {}
    found = gather_folder(out, ProblemLog())
    gone = [SITES.names[0]] if replaced and options.replace else []
    gone += [FIBER.names[0], JUNCTIONS.names[0]] if options.replace else []
    return {name: data for name, data in found.items() if name not in gone}


def _folder(files: Mapping[str, bytes]) -> Folder:
    survey = survey_files(files)
    return Folder(
        sites={site.site_id: (site.lon, site.lat) for site in survey.sites},
        junctions={node.node_id: (node.lon, node.lat) for node in survey.junctions},
    )


def _fill_in(network: Network, options: ImportOptions) -> None:
    """Power for the sites whose source has none, and what is said of the zone, where the caller asked for them."""
    bare = [number for number, item in enumerate(network.sites) if "power_mw" not in item.values]
    if options.power_mw is not None and bare:
        for number in bare:
            item = network.sites[number]
            network.sites[number] = replace(item, values={**item.values, "power_mw": options.power_mw})
        what = f"power_mw: {options.power_mw:g} for {counted(len(bare), 'site')}"
        network.notes.append(f"{what} that the sources give none, by --power-mw")
    if options.zone_headroom_mw is not None:
        what = f"power zone {ZONE_ID!r}: {options.zone_headroom_mw:g} MW for everything in a box around all nodes"
        network.notes.append(f"{what}, by --zone-headroom-mw")


def _require_free(out: Path, fresh: Mapping[str, bytes], options: ImportOptions) -> None:
    """Raise unless every file can be written without taking the place of another, or of another of its kind."""
    for kind in KINDS:
        if not any(name in fresh for name in kind.names):
            continue
        for name in kind.names:
            there = out / name
            if name not in fresh and there.exists():
                message = f"{there} is there already, and {kind.names[0]} beside it would be ambiguous; move it away"
                raise Conflict(message, reason="FILE_EXISTS", metadata={"path": str(there)})
            if name in fresh and there.exists() and not (options.replace and there.is_file()):
                message = f"{there} is there already; give --force to replace it, or another --out"
                raise Conflict(message, reason="FILE_EXISTS", metadata={"path": str(there)})


def _without_replaced(before: Mapping[str, bytes], fresh: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in before.items() if name not in fresh}


def _raise_faults(problems: Sequence[Problem], network: Network, fresh: Mapping[str, bytes]) -> None:
    """Raise the faults in what would be written, told by the sources' files and rows."""
    items: Mapping[str, Sequence[Item]] = {
        SITES.names[0]: network.sites,
        JUNCTIONS.names[0]: network.junctions,
        FIBER.names[0]: network.segments,
    }
    faults = []
    for problem in problems:
        if problem.file not in fresh or problem.reason in STILL_MISSING:
            continue
        of_file = items.get(problem.file, ())
        if problem.row is not None and problem.row <= len(of_file):
            origin = of_file[problem.row - 1].origin
            problem = replace(problem, file=origin.file, row=origin.row)
        faults.append(problem)
    if faults:
        raise InvalidScenario(faults, source="the import")


def _write(out: Path, fresh: Mapping[str, bytes], options: ImportOptions) -> None:
    names = list(fresh)
    if options.replace and FIBER.names[0] in fresh and JUNCTIONS.names[0] not in fresh:
        names.append(JUNCTIONS.names[0])  # those of the fiber that goes

    def fill(folder: Path) -> None:
        for name, data in fresh.items():
            (folder / name).write_bytes(data)

    try:
        write_whole(out, names, fill, recheck=lambda: _require_free(out, fresh, options))
    except OSError as error:
        raise InvalidInput(
            f"{out} cannot be written: {error.strerror or error}; give another --out or change its permissions",
            reason="NOT_WRITABLE",
            metadata={"path": str(out)},
        ) from None
