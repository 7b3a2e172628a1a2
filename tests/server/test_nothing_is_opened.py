"""No path, URL or code in a request is ever opened, fetched or run.

The canaries are real: a folder whose every access the kernel reports (inotify), and a port of this machine that notes
who connects. So what C libraries do is seen as well as what Python does.
"""

import ctypes
import json
import os
import select
import socket
import sqlite3
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import geopandas
import grpc
import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from served.guarded_server import GuardedServer, all_methods, call, new_request
from served.running_server import ROOT
from served.small_scenarios import two_sites

from topodesign.v1 import scenario_service_pb2 as pb
from topodesign.wire import to_proto

IN_ACCESS, IN_MODIFY, IN_OPEN, IN_CREATE, IN_DELETE = 0x1, 0x2, 0x20, 0x100, 0x200
EVENT = struct.Struct("iIII")
DEEPEST = 6
NO_ANSWERS = {
    grpc.StatusCode.INTERNAL,
    grpc.StatusCode.UNKNOWN,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.UNAUTHENTICATED,
}
SAMPLE = ROOT / "sample_sites" / "two-campus"


class Canaries:
    """A file and a port that nobody has business with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "canary.geojson"
        self.file.write_text('{"type": "FeatureCollection", "features": []}')
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._watch = self._libc.inotify_init()
        mask = IN_ACCESS | IN_MODIFY | IN_OPEN | IN_CREATE | IN_DELETE
        assert self._libc.inotify_add_watch(self._watch, os.fsencode(folder), mask) > 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.callers: list[object] = []
        self._thread = threading.Thread(target=self._answer, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        os.close(self._watch)

    @property
    def texts(self) -> tuple[str, ...]:
        """What a request may hold that points to them, or that a shell or an interpreter would run."""
        made = self.folder / "made"
        return (
            str(self.file),
            f"file://{self.file}",
            f"http://127.0.0.1:{self.port}/x.geojson",
            f"/vsicurl/http://127.0.0.1:{self.port}/x.geojson",
            f"../../../../../../../..{self.file}",
            f"$(touch {made}); `touch {made}` | touch {made}",
            f"__import__('os').system('touch {made}')",
            f"{{{{ open('{made}', 'w') }}}}",
        )

    def touched(self) -> list[int]:
        """Kinds of access to the folder since the last time."""
        found = []
        while select.select([self._watch], [], [], 0)[0]:
            data = os.read(self._watch, 65536)
            while data:
                _, mask, _, length = EVENT.unpack_from(data)
                found.append(mask)
                data = data[EVENT.size + length :]
        return found

    def _answer(self) -> None:
        while True:
            try:
                caller, address = self._listener.accept()
            except OSError:
                return
            self.callers.append(address)
            caller.close()


@pytest.fixture
def canaries(tmp_path: Path) -> Iterator[Canaries]:
    (tmp_path / "canaries").mkdir()
    with Canaries(tmp_path / "canaries") as made:
        yield made


def filled(message: Message, text: str, depth: int = 0) -> None:
    """Put a text into every string and bytes of a message, and one element into every list; of choices the last."""
    for field in message.DESCRIPTOR.fields:
        is_message = field.type == FieldDescriptor.TYPE_MESSAGE
        if is_message and field.message_type.GetOptions().map_entry:
            entries: Any = getattr(message, field.name)
            key, value = field.message_type.fields_by_name["key"], field.message_type.fields_by_name["value"]
            if key.type == FieldDescriptor.TYPE_STRING and value.type != FieldDescriptor.TYPE_MESSAGE:
                entries[text] = text.encode() if value.type == FieldDescriptor.TYPE_BYTES else _scalar(value, text)
        elif is_message:
            if depth < DEEPEST and field.message_type.full_name != message.DESCRIPTOR.full_name:
                part = getattr(message, field.name)
                inner = part.add() if field.is_repeated else part
                inner.SetInParent()
                filled(inner, text, depth + 1)
        elif field.type in (FieldDescriptor.TYPE_STRING, FieldDescriptor.TYPE_BYTES):
            value = text.encode() if field.type == FieldDescriptor.TYPE_BYTES else text
            if field.is_repeated:
                getattr(message, field.name).append(value)
            else:
                setattr(message, field.name, value)


def _scalar(field: FieldDescriptor, text: str) -> Any:
    return text if field.type == FieldDescriptor.TYPE_STRING else 1


def replaced(message: Message, text: str) -> Iterator[Message]:
    """Copies of a sound message, each with one other of its strings replaced."""
    count = len(list(_strings(message)))
    for number in range(count):
        copy = type(message)()
        copy.CopyFrom(message)
        holder, field, place = list(_strings(copy))[number]
        if place is None:
            setattr(holder, field.name, text)
        else:
            getattr(holder, field.name)[place] = text
        yield copy


def _strings(message: Message) -> Iterator[tuple[Message, FieldDescriptor, int | None]]:
    for field, value in message.ListFields():
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            if field.message_type.GetOptions().map_entry:
                continue
            for inner in value if field.is_repeated else [value]:
                yield from _strings(inner)
        elif field.type == FieldDescriptor.TYPE_STRING:
            if field.is_repeated:
                yield from ((message, field, place) for place in range(len(value)))
            else:
                yield message, field, None


def answered(channel: grpc.Channel, method: Any, request: Message, token: str) -> None:
    """Whatever the answer is, a defect it must not be."""
    try:
        call(channel, method, request, token=token)
    except grpc.RpcError as error:
        assert error.code() not in NO_ANSWERS


def test_the_canaries_are_heard(canaries: Canaries) -> None:
    assert canaries.touched() == []
    canaries.file.read_bytes()
    assert canaries.touched() != []
    with socket.create_connection(("127.0.0.1", canaries.port)) as caller:
        assert caller.recv(1) == b""
    assert len(canaries.callers) == 1


def test_strings_of_requests_are_never_opened_or_run(guarded: GuardedServer, canaries: Canaries) -> None:
    token = guarded.new_token("pointing-elsewhere")[1]
    with grpc.insecure_channel(guarded.address) as channel:
        for method in all_methods():
            for text in canaries.texts:
                request = new_request(method)
                filled(request, text)
                answered(channel, method, request, token)
    assert canaries.touched() == []
    assert canaries.callers == []


def test_strings_of_sound_scenarios_are_never_opened_or_run(guarded: GuardedServer, canaries: Canaries) -> None:
    check = next(method for method in all_methods() if method.name == "CheckScenario")
    scenario = to_proto(two_sites())
    token = guarded.new_token("pointing-elsewhere")[1]
    with grpc.insecure_channel(guarded.address) as channel:
        for text in canaries.texts[:6:2]:
            for changed in replaced(scenario, text):
                answered(channel, check, pb.CheckScenarioRequest(scenario=changed), token)
    assert canaries.touched() == []
    assert canaries.callers == []


def linked_geojson(url: str, path: Path) -> bytes:
    """A collection whose coordinate system is said to be elsewhere."""
    point = {"type": "Point", "coordinates": [1, 2]}
    properties = {"site_id": url, "zone_id": f"file://{path}", "power_mw": 1}
    return json.dumps(
        {
            "type": "FeatureCollection",
            "crs": {"type": "link", "properties": {"href": url, "type": "proj4"}},
            "features": [{"type": "Feature", "geometry": point, "properties": properties}],
        }
    ).encode()


def geopackage_with_a_view(folder: Path, canary: Path) -> bytes:
    """A sound GeoPackage, but for its layer, which is a view that calls GDAL's function for reading other files."""
    path = folder / "sites.gpkg"
    geopandas.read_file(SAMPLE / "sites.geojson").to_file(path, layer="sites", driver="GPKG")
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE sites RENAME TO kept")
        reading = f"gdal_get_pixel_value('{canary}', 1, 'georef', 0, 0) AS power_mw"
        connection.execute(f"CREATE VIEW sites AS SELECT fid, geom, site_id, {reading} FROM kept")
    return path.read_bytes()


def test_files_of_requests_are_read_from_the_request_alone(
    guarded: GuardedServer, canaries: Canaries, tmp_path: Path
) -> None:
    check = next(method for method in all_methods() if method.name == "CheckScenario")
    url = f"http://127.0.0.1:{canaries.port}/x"
    linked = linked_geojson(url, canaries.file)
    virtual = f"<OGRVRTDataSource><OGRVRTLayer name='sites'><SrcDataSource>{canaries.file}</SrcDataSource>"
    virtual += "</OGRVRTLayer></OGRVRTDataSource>"
    entity = f'<?xml version="1.0"?><!DOCTYPE g [<!ENTITY x SYSTEM "file://{canaries.file}">]><graphml>&x;</graphml>'
    sound = {path.name: path.read_bytes() for path in SAMPLE.iterdir() if path.suffix in (".toml", ".geojson")}
    toml = sound["scenario.toml"]
    changes: tuple[dict[str, bytes], ...] = (
        {},
        {"scenario.toml": toml.replace(b"name = ", f'demand = "{canaries.file}"\nname = '.encode(), 1)},
        {"sites.geojson": linked},
        {"sites.gpkg": virtual.encode()},
        {"sites.gpkg": geopackage_with_a_view(tmp_path, canaries.file)},
        {"sites.csv": f"site_id,lon,lat,power_mw\n{url},1,2,3\n{canaries.file},1,2,3\n".encode()},
        {"fiber.graphml": entity.encode()},
        {str(canaries.file): b"x", "../scenario.toml": toml, url: b"x"},
        {"sites.geojson": str(canaries.file).encode()},
    )
    token = guarded.new_token("pointing-elsewhere")[1]
    with grpc.insecure_channel(guarded.address) as channel:
        for changed in changes:
            stems = {name.partition(".")[0] for name in changed}
            files = {name: data for name, data in sound.items() if name.partition(".")[0] not in stems} | changed
            answered(channel, check, pb.CheckScenarioRequest(files=pb.ScenarioFiles(files=files)), token)
    assert canaries.touched() == []
    assert canaries.callers == []
