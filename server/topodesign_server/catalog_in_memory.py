"""The built-in catalogue, read at import: preloaded, it spares every child the time to read it (25 ms)."""

from topodesign.catalog import load_catalog

load_catalog()
