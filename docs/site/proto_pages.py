"""The page of the gRPC API: services and messages with their comments, out of the compiler's FileDescriptorSet."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import grpc_tools
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet

PROTOS = Path(__file__).resolve().parents[2] / "protos"
PACKAGE = "topodesign.v1"
Comments = Mapping[tuple[int, ...], str]
SERVICE, MESSAGE, ENUM = 6, 4, 5  # numbers of these fields in a FileDescriptorProto: where paths of comments begin
METHOD, FIELD, NESTED, NESTED_ENUM, VALUE = 2, 2, 3, 4, 2


def protos_page() -> str:
    """Markdown with every service, message and enum of ``topodesign.v1``."""
    files = _files()
    return "\n".join(
        (
            "# The protos",
            f"\nEvery service, message and enum of `{PACKAGE}`, with the comments of `protos/topodesign/v1`. The rules",
            "that hold for all of them are in [the gRPC API](api.md), errors in [errors](errors.md).\n",
            "## Services\n",
            *(line for file in files for line in _services(file, _comments(file))),
            "## Messages and enums\n",
            *(line for file in files for line in _types(file, _comments(file))),
        )
    )


def _files() -> list[FileDescriptorProto]:
    sources = sorted(path.relative_to(PROTOS).as_posix() for path in (PROTOS / "topodesign/v1").glob("*.proto"))
    includes = [PROTOS, PROTOS / "third_party", Path(grpc_tools.__file__).parent / "_proto"]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "set.binpb"
        # In a process of its own: with OR-Tools in the same one the compiler has crashed.
        compiler = [sys.executable, "-m", "grpc_tools.protoc", *(f"-I{path}" for path in includes)]
        subprocess.run([*compiler, "--include_source_info", f"--descriptor_set_out={target}", *sources], check=True)
        return list(FileDescriptorSet.FromString(target.read_bytes()).file)


def _comments(file: FileDescriptorProto) -> Comments:
    places = file.source_code_info.location
    return {tuple(place.path): " ".join(place.leading_comments.split()) for place in places}


def _services(file: FileDescriptorProto, comments: Comments) -> Iterator[str]:
    for index, service in enumerate(file.service):
        yield f"### {service.name}\n\n{_safe(comments.get((SERVICE, index), ''))}\n"
        yield "| method | takes | gives | |\n| --- | --- | --- | --- |"
        for number, method in enumerate(service.method):
            gives = ("stream of " if method.server_streaming else "") + _linked(method.output_type)
            said = _cell(comments.get((SERVICE, index, METHOD, number), ""))
            yield f"| **{method.name}** | {_linked(method.input_type)} | {gives} | {said} |"
        yield ""


def _types(file: FileDescriptorProto, comments: Comments) -> Iterator[str]:
    for index, message in enumerate(file.message_type):
        yield from _message(message, message.name, (MESSAGE, index), comments)
    for index, enum in enumerate(file.enum_type):
        yield from _enum(enum.name, [value.name for value in enum.value], (ENUM, index), comments)


def _message(message: DescriptorProto, name: str, path: tuple[int, ...], comments: Comments) -> Iterator[str]:
    if message.options.map_entry:
        return
    maps = {f".{PACKAGE}.{name}.{inner.name}": inner for inner in message.nested_type if inner.options.map_entry}
    yield f"### {name} {{ #{_anchor(name)} }}\n\n{_safe(comments.get(path, ''))}\n"
    if message.field:
        yield "| field | type | |\n| --- | --- | --- |"
    for index, field in enumerate(message.field):
        kind = _map_type(maps[field.type_name]) if field.type_name in maps else _field_type(field)
        choice = f"one of `{message.oneof_decl[field.oneof_index].name}`. " if _is_choice(field) else ""
        yield f"| **{field.name}** | {kind} | {choice}{_cell(comments.get((*path, FIELD, index), ''))} |"
    yield ""
    for index, inner in enumerate(message.nested_type):
        yield from _message(inner, f"{name}.{inner.name}", (*path, NESTED, index), comments)
    for index, enum in enumerate(message.enum_type):
        values = [value.name for value in enum.value]
        yield from _enum(f"{name}.{enum.name}", values, (*path, NESTED_ENUM, index), comments)


def _enum(name: str, values: list[str], path: tuple[int, ...], comments: Comments) -> Iterator[str]:
    yield f"### {name} {{ #{_anchor(name)} }}\n\n{_safe(comments.get(path, ''))}\n"
    yield "| value | |\n| --- | --- |"
    for index, value in enumerate(values):
        yield f"| `{value}` | {_cell(comments.get((*path, VALUE, index), ''))} |"
    yield ""


def _is_choice(field: FieldDescriptorProto) -> bool:
    return field.HasField("oneof_index") and not field.proto3_optional


def _field_type(field: FieldDescriptorProto) -> str:
    many = "repeated " if field.label == FieldDescriptorProto.LABEL_REPEATED else ""
    return many + _plain_type(field)


def _map_type(entry: DescriptorProto) -> str:
    key, value = entry.field
    return f"map of {_plain_type(key)} to {_plain_type(value)}"


def _plain_type(field: FieldDescriptorProto) -> str:
    if field.type_name:
        return _linked(field.type_name)
    return str(FieldDescriptorProto.Type.Name(field.type)).removeprefix("TYPE_").lower()


def _linked(full_name: str) -> str:
    name = full_name.removeprefix(".")
    ours = name.removeprefix(f"{PACKAGE}.")
    return f"`{name}`" if ours == name else f"[{ours}](#{_anchor(ours)})"


def _anchor(name: str) -> str:
    return "type-" + name.lower().replace(".", "-")


def _safe(text: str) -> str:
    return text.replace("<", "&lt;")


def _cell(text: str) -> str:
    return _safe(text).replace("|", "\\|")
