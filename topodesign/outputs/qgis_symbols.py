"""Symbols, rules and labels in QML, the XML in which QGIS keeps the style of a layer.

The parts are those that QGIS 3 writes itself. A symbol layer states its options twice, as ``Option`` (read by QGIS 3.20
and later) and as ``prop`` (read by those before).
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from xml.etree import ElementTree

SymbolKind = Literal["marker", "line", "fill"]
LAYER_CLASS: Mapping[SymbolKind, str] = {"marker": "SimpleMarker", "line": "SimpleLine", "fill": "SimpleFill"}

ELSE = "ELSE"
"""The filter of the rule for whatever no other rule takes."""

QGIS_VERSION = "3.22.0-topodesign"
"""The release whose format this is: QGIS upgrades what says that it is older."""

_NAMESPACE = uuid.UUID("6f0c6b0e-7c3c-5b8a-9d3e-0f6d1f0e5a11")


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """One symbol: its options by QGIS's names, and expressions that take the place of some for each feature."""

    kind: SymbolKind
    options: Mapping[str, str]
    by_feature: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Features that a filter (an expression; empty: all) lets pass, drawn as ``symbol`` and named in the legend."""

    label: str
    symbol: Symbol
    filter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a layer is drawn. ``label`` is the field that is written beside its features, empty for none."""

    rules: Sequence[Rule]
    label: str = ""


def rgba(color: str, *, opacity: float = 1.0) -> str:
    """``#rrggbb`` as QGIS writes colors: four numbers to 255."""
    channels = (int(color[start : start + 2], 16) for start in (1, 3, 5))
    return ",".join(str(channel) for channel in (*channels, round(255 * opacity)))


def qml(style: Style, *, name: str) -> str:
    """The style as a QML document; ``name`` makes the keys of its rules unique and the same every time."""
    root = ElementTree.Element("qgis", version=QGIS_VERSION, styleCategories="Symbology|Labeling")
    root.set("labelsEnabled", "1" if style.label else "0")
    renderer = ElementTree.SubElement(root, "renderer-v2", type="RuleRenderer", symbollevels="0", enableorderby="0")
    rules = ElementTree.SubElement(renderer, "rules", key=_key(name, "root"))
    symbols = ElementTree.SubElement(renderer, "symbols")
    for number, rule in enumerate(style.rules):
        entry = ElementTree.SubElement(rules, "rule", key=_key(name, str(number)), label=rule.label, symbol=str(number))
        if rule.filter:
            entry.set("filter", rule.filter)
        symbols.append(_symbol(rule.symbol, str(number)))
    if style.label:
        root.append(_labeling(style.label))
    ElementTree.indent(root)
    head = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"
    return head + ElementTree.tostring(root, encoding="unicode") + "\n"


def _symbol(symbol: Symbol, name: str) -> ElementTree.Element:
    element = ElementTree.Element("symbol", type=symbol.kind, name=name, alpha="1", clip_to_extent="1", force_rhr="0")
    layer = ElementTree.SubElement(element, "layer", enabled="1", locked="0")
    layer.set("class", LAYER_CLASS[symbol.kind])
    layer.set("pass", "0")
    _options(layer, [_text(key, value) for key, value in sorted(symbol.options.items())])
    for key, value in sorted(symbol.options.items()):
        ElementTree.SubElement(layer, "prop", k=key, v=value)
    properties = [
        _map(key, [_option("active", "true", "bool"), _text("expression", expression), _option("type", "3", "int")])
        for key, expression in sorted(symbol.by_feature.items())
    ]
    overrides = ElementTree.SubElement(layer, "data_defined_properties")
    _options(overrides, [_text("name", ""), _map("properties", properties), _text("type", "collection")])
    return element


def _labeling(column: str) -> ElementTree.Element:
    labeling = ElementTree.Element("labeling", type="simple")
    settings = ElementTree.SubElement(labeling, "settings", calloutType="simple")
    text = ElementTree.SubElement(settings, "text-style", fieldName=column, isExpression="0")
    for key, value in (("fontSize", "9"), ("fontSizeUnit", "Point"), ("textColor", "35,35,35,255")):
        text.set(key, value)
    halo = {"bufferDraw": "1", "bufferSize": "0.8", "bufferSizeUnits": "MM", "bufferColor": "255,255,255,255"}
    ElementTree.SubElement(text, "text-buffer", halo)
    ElementTree.SubElement(settings, "placement", placement="6", dist="1", distUnits="MM")
    ElementTree.SubElement(settings, "rendering", drawLabels="1", obstacle="1")
    return labeling


def _options(parent: ElementTree.Element, options: Sequence[ElementTree.Element]) -> None:
    ElementTree.SubElement(parent, "Option", type="Map").extend(options)


def _map(name: str, options: Sequence[ElementTree.Element]) -> ElementTree.Element:
    element = ElementTree.Element("Option", name=name, type="Map")
    element.extend(options)
    return element


def _text(name: str, value: str) -> ElementTree.Element:
    return _option(name, value, "QString")


def _option(name: str, value: str, kind: str) -> ElementTree.Element:
    return ElementTree.Element("Option", name=name, value=value, type=kind)


def _key(name: str, part: str) -> str:
    return f"{{{uuid.uuid5(_NAMESPACE, f'{name}/{part}')}}}"
