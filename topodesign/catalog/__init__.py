"""Equipment with prices, watts and physics: every figure with its source, date and confidence, each one overridable."""

from topodesign.catalog.loading import catalog_figure, figures_of, known_keys, load_catalog

__all__ = ["catalog_figure", "figures_of", "known_keys", "load_catalog"]
