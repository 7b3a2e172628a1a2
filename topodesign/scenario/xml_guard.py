"""XML of strangers: parsed without document types, entities and anything outside of the file, within limits."""

from collections.abc import Iterator
from xml.etree import ElementTree

MOST_ELEMENTS = 5_000_000
MOST_LEVELS = 200


class XmlRefused(ValueError):
    """The text is no XML, or XML that is not accepted; the message says why."""


def parse_xml(data: bytes) -> ElementTree.Element:
    """The root element.

    Raises
    ------
    XmlRefused
        When it is not well-formed, has a document type declaration (which can define entities that expand without end,
        or name files and addresses), more than ``MOST_ELEMENTS`` elements or ``MOST_LEVELS`` levels.
    """
    parser = ElementTree.XMLParser(target=_Guarded())
    try:
        parser.feed(data)
        root = parser.close()
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise XmlRefused(str(error)) from None
    assert isinstance(root, ElementTree.Element)
    return root


def local_name(element: ElementTree.Element) -> str:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2]


def elements(parent: ElementTree.Element, tag: str) -> Iterator[ElementTree.Element]:
    """All descendants of a tag in any namespace, in document order."""
    return (element for element in parent.iter() if local_name(element) == tag)


def text_of(parent: ElementTree.Element, tag: str) -> str:
    """Text of the first child of a tag in any namespace, stripped; empty when there is none."""
    for child in parent:
        if local_name(child) == tag:
            return (child.text or "").strip()
    return ""


class _Guarded(ElementTree.TreeBuilder):
    def __init__(self) -> None:
        super().__init__(insert_comments=False, insert_pis=False)
        self._count = 0
        self._depth = 0

    def doctype(self, name: str, _pubid: str | None, _system: str | None) -> None:
        raise XmlRefused(f"document type declarations such as {name!r} are not accepted")

    def start(self, tag: str, attrs: dict[str, str], /) -> ElementTree.Element:
        self._count += 1
        self._depth += 1
        if self._count > MOST_ELEMENTS:
            raise XmlRefused(f"it has more than {MOST_ELEMENTS:,} elements")
        if self._depth > MOST_LEVELS:
            raise XmlRefused(f"its elements are nested more than {MOST_LEVELS} levels deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> ElementTree.Element:
        self._depth -= 1
        return super().end(tag)
