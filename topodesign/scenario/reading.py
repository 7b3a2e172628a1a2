"""Reads a scenario from a folder or from uploaded files, collecting every problem over all files."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from topodesign.domain.errors import InvalidInput, InvalidScenario, Problem
from topodesign.domain.scenario import (
    Demand,
    Economics,
    FiberSegment,
    Junction,
    LitLightpath,
    MeasuredReach,
    OpticsRules,
    Policy,
    PowerZone,
    Scenario,
    Site,
    Traffic,
    TrainingRules,
)
from topodesign.scenario.cross_checks import check_reachability, check_shared_ids
from topodesign.scenario.lightpaths import LightpathBuilder
from topodesign.scenario.located import Part
from topodesign.scenario.problems import ProblemLog
from topodesign.scenario.reaches import ReachBuilder
from topodesign.scenario.rows import Table
from topodesign.scenario.settings import Settings, read_settings
from topodesign.scenario.sources import (
    DEMAND,
    FIBER,
    JUNCTIONS,
    LIGHTPATHS,
    REACH,
    SETTINGS_FILE,
    SITES,
    ZONES,
    FileKind,
    gather_files,
    gather_folder,
)
from topodesign.scenario.traffic import TrafficBuilder, check_hose, unused_demand


def load_scenario(path: str | Path) -> Scenario:
    """The scenario in a folder.

    Parameters
    ----------
    path : str or Path
        Folder with ``sites``, ``power_zones``, ``fiber`` and ``scenario.toml``, optionally ``junctions``, ``demand``,
        ``lightpaths`` and ``reach``. Files are read as data only: no path or address inside of them is followed.

    Returns
    -------
    Scenario
        Checked; ``assumptions`` lists every default and estimate that was used.

    Raises
    ------
    InvalidScenario
        With every problem found in any of the files, each with file, row, field, reason and remedy.
    """
    folder = Path(path)
    log = ProblemLog()
    return _scenario(gather_folder(folder, log), log, source=str(folder), name=folder.resolve().name)


def check_scenario(path: str | Path) -> tuple[Problem, ...]:
    """Every problem of the scenario in a folder; empty when it is sound."""
    try:
        load_scenario(path)
    except InvalidScenario as error:
        return error.problems
    return ()


def read_scenario_files(files: Mapping[str, bytes]) -> Scenario:
    """The scenario in uploaded files: file name (without a folder) to content.

    Raises
    ------
    InvalidScenario
        As :func:`load_scenario` does.
    """
    log = ProblemLog()
    return _scenario(gather_files(files, log), log, source="scenario", name="scenario")


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a folder holds, whether or not it is a scenario yet: nodes, defaults by file, and every problem."""

    sites: tuple[Site, ...]
    junctions: tuple[Junction, ...]
    assumptions: Mapping[str, tuple[str, ...]]
    problems: tuple[Problem, ...]


def survey_files(files: Mapping[str, bytes]) -> Survey:
    """What files (as for :func:`read_scenario_files`) hold, as far as they can be read."""
    log = ProblemLog()
    kept = gather_files(files, log)
    geography = _geography(kept, _settings(kept, log).demand, log)
    _reaches(kept, log)
    problems = _ordered(log.problems, kept)
    if not problems:
        try:
            read_scenario_files(files)
        except InvalidScenario as error:  # what only shows once all of it is put together
            problems = error.problems
    return Survey(
        sites=geography.sites.values,
        junctions=geography.junctions.values,
        assumptions={part.file: part.assumptions for part in geography.parts},
        problems=problems,
    )


def _scenario(files: Mapping[str, bytes], log: ProblemLog, *, source: str, name: str) -> Scenario:
    settings = _settings(files, log)
    geography = _geography(files, settings.demand, log)
    reaches = _reaches(files, log)
    _raise_problems(log, files, source=source)
    assert settings.workload is not None and settings.size is not None
    try:
        return Scenario(
            name=settings.general.get("name", name),
            attribution=settings.general.get("attribution", ""),
            cost_year=settings.general.get("cost_year", 2026),
            sites=geography.sites.values,
            zones=geography.zones.values,
            junctions=geography.junctions.values,
            segments=geography.segments.values,
            workload=settings.workload,
            size=settings.size,
            policy=settings.policy or Policy(),
            economics=settings.economics or Economics(),
            optics=settings.optics or OpticsRules(),
            training=settings.training or TrainingRules(),
            catalog_overrides=settings.catalog_overrides,
            assumptions=(*geography.assumptions, *reaches.assumptions, *settings.assumptions),
            traffic=geography.traffic.values,
            lit_lightpaths=geography.lit_lightpaths.values,
            measured_reaches=reaches.values,
        )
    except InvalidInput as error:
        log.add_error(error, file=source, row=None, thing="")
        raise InvalidScenario(log.problems, source=source) from None


def _settings(files: Mapping[str, bytes], log: ProblemLog) -> Settings:
    if SETTINGS_FILE not in files or log.is_about(SETTINGS_FILE):
        return Settings()
    return read_settings(files[SETTINGS_FILE], log)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Geography:
    """What the data files gave; empty where a file could not be read. ``notes`` are about several of them."""

    zones: Part[PowerZone]
    sites: Part[Site]
    junctions: Part[Junction]
    segments: Part[FiberSegment]
    traffic: Part[Traffic]
    lit_lightpaths: Part[LitLightpath]
    notes: tuple[str, ...]

    @property
    def parts(self) -> tuple[Part[Any], ...]:
        return (self.zones, self.sites, self.junctions, self.segments, self.traffic, self.lit_lightpaths)

    @property
    def assumptions(self) -> tuple[str, ...]:
        return (*(sentence for part in self.parts for sentence in part.assumptions), *self.notes)


def _geography(files: Mapping[str, bytes], demand: Demand | None, log: ProblemLog) -> _Geography:
    # Imported here because they bring pyproj and shapely, which `import topodesign` does without.
    from topodesign.scenario.fiber import FiberBuilder
    from topodesign.scenario.junctions import JunctionBuilder
    from topodesign.scenario.sites import SiteBuilder
    from topodesign.scenario.zones import zones_of

    zone_table, site_table, junction_table, fiber_table = (
        _table(kind, files, log) for kind in (ZONES, SITES, JUNCTIONS, FIBER)
    )
    zones = zones_of(zone_table, log) if zone_table else None
    sites: Part[Site] = Part(file=SITES.names[0])
    if site_table:
        sites = SiteBuilder(site_table, zones, log).build()
    junctions: Part[Junction] = Part(file=JUNCTIONS.names[0])
    if junction_table:
        junctions = JunctionBuilder(junction_table, zones, log).build()
    check_shared_ids(sites, junctions, log)
    segments: Part[FiberSegment] = Part(file=FIBER.names[0])
    if fiber_table:
        positions = {node.node_id: (node.lon, node.lat) for node in junctions.values}
        positions |= {site.site_id: (site.lon, site.lat) for site in sites.values}
        is_complete = site_table is not None and (junction_table is not None or not log.is_about(*JUNCTIONS.names))
        named = _ids(site_table, "site_id") | _ids(junction_table, "node_id")
        builder = FiberBuilder(fiber_table, positions, named if is_complete else None, log)
        segments = builder.build()
        check_reachability(sites, builder.usable_ends, log)
    site_ids = _ids(site_table, "site_id") if site_table else None
    segment_ids = _ids(fiber_table, "segment_id") if fiber_table else None
    return _Geography(
        zones=zones or Part(file=ZONES.names[0]),
        sites=sites,
        junctions=junctions,
        segments=segments,
        traffic=_traffic(files, demand, sites, site_ids, log),
        lit_lightpaths=_lit_lightpaths(files, segments, site_ids, segment_ids, log),
        notes=_demand_notes(files, demand, sites, log),
    )


def _traffic(
    files: Mapping[str, bytes],
    demand: Demand | None,
    sites: Part[Site],
    site_ids: frozenset[str] | None,
    log: ProblemLog,
) -> Part[Traffic]:
    """The demand matrix; its file is read, and must be there, only where the workload says so."""
    file = DEMAND.names[0]
    if demand != "matrix":
        return Part(file=file)
    if file not in files and not log.is_about(file):
        log.add("FILE_MISSING", f'{file} is missing, but workload.demand is "matrix"; add it', file=file)
    table = _table(DEMAND, files, log)
    return TrafficBuilder(table, sites, site_ids, log).build() if table else Part(file=file)


def _lit_lightpaths(
    files: Mapping[str, bytes],
    segments: Part[FiberSegment],
    site_ids: frozenset[str] | None,
    segment_ids: frozenset[str] | None,
    log: ProblemLog,
) -> Part[LitLightpath]:
    table = _table(LIGHTPATHS, files, log)
    if table is None:
        return Part(file=LIGHTPATHS.names[0])
    return LightpathBuilder(table, segments.values, site_ids=site_ids, segment_ids=segment_ids, log=log).build()


def _reaches(files: Mapping[str, bytes], log: ProblemLog) -> Part[MeasuredReach]:
    table = _table(REACH, files, log)
    return ReachBuilder(table, log).build() if table else Part(file=REACH.names[0])


def _demand_notes(
    files: Mapping[str, bytes], demand: Demand | None, sites: Part[Site], log: ProblemLog
) -> tuple[str, ...]:
    if demand is None:
        return ()
    unused = unused_demand(demand, sites, has_matrix=DEMAND.names[0] in files)
    return (*check_hose(sites, log), *unused) if demand == "hose" else unused


def _ids(table: Table | None, column: str) -> frozenset[str]:
    """Ids in a column as the files write them, also of rows that have a fault elsewhere."""
    return frozenset(str(row.values[column]) for row in (table.rows if table else ()) if column in row.values)


def _table(kind: FileKind, files: Mapping[str, bytes], log: ProblemLog) -> Table | None:
    """The table of the first file of a kind that is there; ``None`` when there is none or it cannot be read."""
    from topodesign.scenario.geojson import read_geojson
    from topodesign.scenario.geopackage import read_geopackage
    from topodesign.scenario.textual import read_csv, read_graphml

    readers = {"geojson": read_geojson, "gpkg": read_geopackage, "csv": read_csv, "graphml": read_graphml}
    for file in kind.names:
        if file not in files:
            continue
        if not files[file]:
            if not log.is_about(file):
                log.add("FILE_EMPTY", f"{file} is empty; save it again", file=file)
            return None
        return readers[file.rpartition(".")[2]](file, files[file], log)
    return None


def _raise_problems(log: ProblemLog, files: Mapping[str, bytes], *, source: str) -> None:
    """Raise what was found, by file and row."""
    if not log.problems:
        return
    raise InvalidScenario(_ordered(log.problems, files), source=source)


def _ordered(problems: Iterable[Problem], files: Mapping[str, bytes]) -> tuple[Problem, ...]:
    order = {name: position for position, name in enumerate(sorted(files))}
    return tuple(sorted(problems, key=lambda problem: (order.get(problem.file, -1), problem.file, problem.row or 0)))
