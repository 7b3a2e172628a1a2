"""Small inputs as people have them: a table of campuses, a carrier's map, a traced topology, a benchmark instance."""

import io
import zipfile
from pathlib import Path
from typing import Any

from topodesign.scenario.importing import ImportOptions, ImportReport, Kind, import_files

EXAMPLES = Path(__file__).parents[2] / "docs" / "importing"

CAMPUSES = (EXAMPLES / "campuses.csv").read_text(encoding="utf-8")
CAMPUS_COLUMNS = {"site_id": "Code", "name": "Name", "power_mw": "MW"}

# A carrier's map: two routes that meet near Richmond (28 m apart) and a third that ends 556 m east of Charlotte.
# One minute of latitude is 1852 m; 0.00025 degrees of latitude 27.8 m; 0.0061 degrees of longitude at 35.2 N 556 m.
CARRIER_KML = (EXAMPLES / "carrier.kml").read_text(encoding="utf-8")

# In the style of the Internet Topology Zoo: keys d.., an unplaced node, names that repeat, a loop.
ZOO_GRAPHML = """<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key attr.name="Latitude" attr.type="double" for="node" id="d29" />
  <key attr.name="Longitude" attr.type="double" for="node" id="d32" />
  <key attr.name="label" attr.type="string" for="node" id="d33" />
  <key attr.name="LinkLabel" attr.type="string" for="edge" id="d36" />
  <key attr.name="route_km" attr.type="double" for="edge" id="d37" />
  <graph edgedefault="undirected">
    <node id="0"><data key="d29">40.71427</data><data key="d32">-74.00597</data><data key="d33">New York</data></node>
    <node id="1"><data key="d29">41.85003</data><data key="d32">-87.65005</data><data key="d33">Chicago</data></node>
    <node id="2"><data key="d29">38.8951</data><data key="d32">-77.036</data><data key="d33">Washington DC</data></node>
    <node id="3"><data key="d33">Peering</data></node>
    <node id="4"><data key="d29">38.91</data><data key="d32">-77.10</data><data key="d33">Washington DC</data></node>
    <edge source="0" target="1"><data key="d36">OC-192</data><data key="d37">1600</data></edge>
    <edge source="1" target="2"><data key="d37">1250</data></edge>
    <edge source="2" target="0" />
    <edge source="0" target="2" />
    <edge source="2" target="4" />
    <edge source="0" target="3" />
    <edge source="1" target="1" />
  </graph>
</graphml>
"""

SNDLIB_NATIVE = """?SNDlib native format; type: network; version: 1.0
# network triangle

META (
  granularity  = 1day
)
NODES (
  Berlin ( 13.40 52.52 )
  Hamburg ( 10.00 53.55 )   # an anchor of the north
  Munich ( 11.58 48.14 )
)
LINKS (
  L1 ( Berlin Hamburg ) 0.00 0.00 0.00 0.00 ( 155.00 96.00 622.00 288.00 )
  L2 ( Berlin Munich ) 0.00 0.00 0.00 0.00 ( 155.00 180.00 )
  L3 ( Hamburg Munich ) 0.00 0.00 0.00 0.00 ( )
)
DEMANDS (
  D1 ( Berlin Hamburg ) 1 195.00 UNLIMITED
  D2 ( Berlin Hamburg ) 1 5.00 2
  D3 ( Munich Berlin ) 1 40.00 UNLIMITED
)
ADMISSIBLE_PATHS (
  D1 (
    P1 ( L1 )
  )
)
"""

SNDLIB_XML = """<?xml version="1.0" encoding="ISO-8859-1"?>
<network xmlns="http://sndlib.zib.de/network" version="1.0">
 <networkStructure>
  <nodes coordinatesType="geographical">
   <node id="Berlin"><coordinates><x>13.40</x><y>52.52</y></coordinates></node>
   <node id="Hamburg"><coordinates><x>10.00</x><y>53.55</y></coordinates></node>
   <node id="Munich"><coordinates><x>11.58</x><y>48.14</y></coordinates></node>
  </nodes>
  <links>
   <link id="L1"><source>Berlin</source><target>Hamburg</target></link>
   <link id="L2"><source>Berlin</source><target>Munich</target></link>
   <link id="L3"><source>Hamburg</source><target>Munich</target></link>
  </links>
 </networkStructure>
 <demands>
  <demand id="D1"><source>Berlin</source><target>Hamburg</target><demandValue>195.0</demandValue></demand>
  <demand id="D2"><source>Berlin</source><target>Hamburg</target><demandValue>5.0</demandValue></demand>
  <demand id="D3"><source>Munich</source><target>Berlin</target><demandValue>40.0</demandValue></demand>
 </demands>
</network>
"""


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """A source file in the folder."""
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def zipped(**entries: str | bytes) -> bytes:
    """A zip archive; ``__`` in a name stands for a dot."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in entries.items():
            bundle.writestr(name.replace("__", "."), content)
    return archive.getvalue()


def imported(kind: Kind, *sources: Path, out: Path, **options: Any) -> ImportReport:
    """An import with the options as keywords."""
    return import_files(kind, sources, out, ImportOptions(**options))
