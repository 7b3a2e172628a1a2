"""Scenario folders out of what others have: tables of sites, routes as KML or Shapefile, GraphML, SNDlib.

Sources are data only: nothing that they name is opened, and each is read within limits.
"""

from topodesign.scenario.importing.options import ImportOptions, Kind, NodesAre
from topodesign.scenario.importing.renaming import parse_columns
from topodesign.scenario.importing.run import ImportReport, import_files

__all__ = ["ImportOptions", "ImportReport", "Kind", "NodesAre", "import_files", "parse_columns"]
