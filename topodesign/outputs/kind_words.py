"""Kinds of fabrics as people write them."""

from collections.abc import Mapping

KIND_WORDS: Mapping[str, str] = {
    "clos": "Clos",
    "scale-up-clos": "scale-up Clos",
    "hyperx": "HyperX",
    "slimfly": "Slim Fly",
    "dragonfly": "Dragonfly",
    "dragonfly-plus": "Dragonfly+",
    "jellyfish": "Jellyfish",
    "hammingmesh": "HammingMesh",
    "fat-tree": "fat tree",
}


def kind_words(kind: str) -> str:
    """Proper names as they are spelled, other kinds as words: ``reconfigurable torus``."""
    return KIND_WORDS.get(kind, kind.replace("-", " "))
