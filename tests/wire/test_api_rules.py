"""The rules of Google's API Improvement Proposals that buf lint does not know, held against the definitions.

https://google.aip.dev: 122, 123 (resources and their names), 131 to 136 (methods), 141 (quantities), 151 (operations),
155 (request ids), 158 (pages), 203 (behavior of fields), 216 (states).
"""

import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import grpc_tools
import pytest
from google.api import field_behavior_pb2, field_info_pb2, resource_pb2
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor

from topodesign.v1 import validate_pb2

ROOT = Path(__file__).resolve().parents[2]
PROTOS = ROOT / "protos"
SOURCES = sorted(path.relative_to(PROTOS).as_posix() for path in (PROTOS / "topodesign" / "v1").glob("*.proto"))
PACKAGE = "topodesign.v1."
NUMBERS = {
    FieldDescriptor.TYPE_DOUBLE,
    FieldDescriptor.TYPE_FLOAT,
    FieldDescriptor.TYPE_INT32,
    FieldDescriptor.TYPE_INT64,
}
STANDARD = ("Get", "List", "Create", "Update", "Delete")
PREPOSITIONS = {"about", "after", "at", "before", "by", "for", "from", "in", "into", "of", "on", "over", "to", "with"}

# Words that say a unit where they stand in a name; `per` has one on each side.
UNITS = frozenset(
    [
        "bits",
        "bytes",
        "day",
        "days",
        "db",
        "dbm",
        "flop",
        "gb",
        "gbd",
        "gbps",
        "ghz",
        "h",
        "hops",
        "km",
        "kw",
        "m",
        "min",
        "ms",
        "mw",
        "mwh",
        "ns",
        "per",
        "ps",
        "s",
        "seconds",
        "share",
        "steps",
        "tflops",
        "tokens",
        "um2",
        "us",
        "usd",
        "w",
        "years",
    ]
)
# Words for quantities that have no unit.
RATIOS = frozenset(["availability", "factor", "goodput", "pue", "ratio", "utilization"])
# What a number without a unit in its name is, in the words of its comment.
DIMENSIONLESS = re.compile(
    r"\b(counts?|how (many|often)|number|shares?|ratio|factor|probability|seed|year|degrees|microseconds|row|"
    r"most (entries|used sites)|relative|US dollars|unit|km|Gbit/s)\b",
    re.IGNORECASE,
)
# What tells a range, or why there is none: a default alone is no range.
RANGE = re.compile(r"\b(from|above|below|at most|up to|count of|any)\b|\d to \d", re.IGNORECASE)


@cache
def with_comments() -> dict[str, str]:
    """Leading comments by full name, which generated code no longer has."""
    # in a process of its own: the compiler's library and the solver's cannot live in one
    includes = [PROTOS, PROTOS / "third_party", Path(grpc_tools.__file__).parent / "_proto"]
    command = [sys.executable, "-m", "grpc_tools.protoc", *(f"-I{path}" for path in includes), *SOURCES]
    asked = ["--include_source_info", "--descriptor_set_out=/dev/stdout"]
    run = subprocess.run([*command, *asked], capture_output=True, check=True)
    files = descriptor_pb2.FileDescriptorSet.FromString(run.stdout)
    found: dict[str, str] = {}
    for file in files.file:
        for location in file.source_code_info.location:
            name = _named(file, list(location.path))
            if name is not None:
                found[f"{file.package}.{name}"] = " ".join(location.leading_comments.split())
    return found


def _named(file: descriptor_pb2.FileDescriptorProto, path: list[int]) -> str | None:
    """The name of the message or field that a path of source info leads to; none of ours are nested."""
    if len(path) in (2, 4) and path[0] == 4 and (len(path) == 2 or path[2] == 2):
        message = file.message_type[path[1]]
        return message.name if len(path) == 2 else f"{message.name}.{message.field[path[3]].name}"
    return None


def files() -> list[object]:
    pool = descriptor_pool.Default()
    for source in SOURCES:
        importlib.import_module(source.removesuffix(".proto").replace("/", ".") + "_pb2")
    return [pool.FindFileByName(source) for source in SOURCES]


def methods() -> list[MethodDescriptor]:
    return [
        method
        for file in files()
        for service in file.services_by_name.values()  # type: ignore[attr-defined]
        for method in service.methods
    ]


def messages() -> list[Descriptor]:
    return [message for file in files() for message in file.message_types_by_name.values()]  # type: ignore[attr-defined]


def requested(*, but_not: frozenset[str] = frozenset()) -> list[Descriptor]:
    """Requests, and all that they hold, but not those of these names and what only they hold."""
    found: dict[str, Descriptor] = {}
    waiting = [method.input_type for method in methods()]
    while waiting:
        message = waiting.pop()
        if message.name in but_not:
            continue
        if message.full_name.startswith(PACKAGE) and message.full_name not in found:
            found[message.full_name] = message
            waiting.extend(field.message_type for field in message.fields if field.message_type is not None)
    return [message for message in found.values() if not message.GetOptions().map_entry]


def behavior(field: FieldDescriptor) -> set[int]:
    return set(field.GetOptions().Extensions[field_behavior_pb2.field_behavior])


def reference(field: FieldDescriptor) -> str:
    return str(field.GetOptions().Extensions[resource_pb2.resource_reference].type)


def resources() -> dict[str, Descriptor]:
    """Messages of resources by their type."""
    found = {}
    for message in messages():
        resource = message.GetOptions().Extensions[resource_pb2.resource]
        if resource.type:
            found[resource.type] = message
    return found


def numbers(of: list[Descriptor]) -> Iterator[FieldDescriptor]:
    for message in of:
        yield from (field for field in message.fields if field.type in NUMBERS)


def text_of(field: FieldDescriptor) -> str:
    """The comment of a field."""
    return with_comments()[field.full_name]


by_name = pytest.mark.parametrize("method", methods(), ids=lambda method: method.name)


@by_name
def test_requests_are_named_after_their_methods_and_answers_are_resources_or_named_after_them(
    method: MethodDescriptor,
) -> None:
    assert method.input_type.full_name == f"{PACKAGE}{method.name}Request"
    answer = method.output_type
    if method.name.startswith(("Get", "Create", "Update")):
        assert answer in resources().values() or answer.full_name == "google.longrunning.Operation"
    elif method.name.startswith("Delete"):
        assert answer.full_name == "google.protobuf.Empty"
    elif method.name.startswith("List") or method.server_streaming:
        assert answer.full_name == f"{PACKAGE}{method.name}Response"
    else:
        assert answer.full_name.startswith(PACKAGE)


@by_name
def test_a_methods_name_is_a_verb_and_a_noun_without_preposition(method: MethodDescriptor) -> None:
    words = re.findall(r"[A-Z][a-z0-9]*", method.name)
    assert "".join(words) == method.name
    assert len(words) >= 2
    assert not {word.lower() for word in words} & {*PREPOSITIONS, "async"}


@by_name
def test_standard_methods_have_the_standard_fields(method: MethodDescriptor) -> None:
    fields = method.input_type.fields_by_name
    verb = next((verb for verb in STANDARD if method.name.startswith(verb)), None)
    if verb in ("Get", "Delete"):
        assert behavior(fields["name"]) == {field_behavior_pb2.REQUIRED}
    if verb == "Create":
        noun = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", method.name.removeprefix("Create")).lower()
        assert fields[f"{noun}_id"].type == FieldDescriptor.TYPE_STRING
        assert fields["request_id"].type == FieldDescriptor.TYPE_STRING
        assert fields["validate_only"].type == FieldDescriptor.TYPE_BOOL
    if verb == "List":
        assert fields["page_size"].type == FieldDescriptor.TYPE_INT32
        assert fields["page_token"].type == FieldDescriptor.TYPE_STRING
        answer = method.output_type
        assert answer.fields_by_name["next_page_token"].type == FieldDescriptor.TYPE_STRING
        assert answer.fields_by_number[1].is_repeated
        assert "parent" not in fields or fields["parent"].type == FieldDescriptor.TYPE_STRING


@pytest.mark.parametrize("message", requested(), ids=lambda message: message.name)
def test_every_field_of_a_request_says_how_it_behaves(message: Descriptor) -> None:
    one_of = {
        frozenset({value})
        for value in (
            field_behavior_pb2.REQUIRED,
            field_behavior_pb2.OPTIONAL,
            field_behavior_pb2.IMMUTABLE,
            field_behavior_pb2.IDENTIFIER,
        )
    }
    assert [field.name for field in message.fields if frozenset(behavior(field)) not in one_of] == []


def test_resources_are_the_ones_that_requests_name() -> None:
    named = {reference(field): field for message in messages() for field in message.fields if reference(field)}
    assert set(named) == set(resources()) == {"topodesign/Plan", "topodesign/Scenario", "topodesign/Sweep"}
    for message in resources().values():
        resource = message.GetOptions().Extensions[resource_pb2.resource]
        assert resource.pattern[0] == f"{resource.plural}/{{{resource.singular}}}"
        assert behavior(message.fields_by_name["name"]) == {field_behavior_pb2.IDENTIFIER}
        others = [field for field in message.fields if field.name != "name"]
        assert [field.name for field in others if behavior(field) != {field_behavior_pb2.OUTPUT_ONLY}] == []


def test_fields_that_hold_resource_names_refer_to_the_resource() -> None:
    for message in messages():
        for field in message.fields:
            says = "resource name" in text_of(field).lower() and "not a resource name" not in text_of(field)
            is_own = message in resources().values() and field.name == "name"
            assert (says and not is_own) == bool(reference(field)), field.full_name
            if reference(field):
                assert field.type == FieldDescriptor.TYPE_STRING


def test_request_ids_are_declared_and_described_as_uuid4() -> None:
    found = [field for message in messages() for field in message.fields if field.name == "request_id"]
    assert found
    for field in found:
        assert field.GetOptions().Extensions[field_info_pb2.field_info].format == field_info_pb2.FieldInfo.UUID4
        assert "UUID4" in text_of(field)


def test_long_running_methods_say_what_they_answer_and_tell_on_the_way() -> None:
    found = [method for method in methods() if method.output_type.full_name == "google.longrunning.Operation"]
    assert [method.name for method in found] == ["CreatePlan", "CreateSweep"]
    names = {message.name: message for message in messages()}
    for method in found:
        info = method.GetOptions().Extensions[operations_pb2.operation_info]
        assert names[info.response_type] in resources().values()
        assert names[info.metadata_type].fields


def test_states_are_told_and_never_asked_for() -> None:
    found = [
        field
        for message in messages()
        for field in message.fields
        if field.enum_type is not None and field.enum_type.name.endswith("State")
    ]
    assert found
    for field in found:
        assert behavior(field) == {field_behavior_pb2.OUTPUT_ONLY}, field.full_name
        assert field.containing_type not in requested()


def test_no_number_is_unsigned_or_single_precision() -> None:
    unwanted = {
        FieldDescriptor.TYPE_UINT64,
        FieldDescriptor.TYPE_UINT32,
        FieldDescriptor.TYPE_FIXED64,
        FieldDescriptor.TYPE_FIXED32,
        FieldDescriptor.TYPE_FLOAT,
    }
    assert [field.full_name for message in messages() for field in message.fields if field.type in unwanted] == []


def test_counts_are_not_named_num_or_number_of() -> None:
    pattern = re.compile(r"^(num|n|number|no)_|_(num|number|cnt)$")
    assert [field.full_name for message in messages() for field in message.fields if pattern.search(field.name)] == []


def test_every_field_and_message_has_a_comment() -> None:
    comments = with_comments()
    for message in messages():
        assert comments[message.full_name].endswith(".")
        assert [field.full_name for field in message.fields if not comments[field.full_name]] == []


def test_every_number_has_its_unit_in_its_name_or_says_what_it_is_without() -> None:
    bare = []
    for field in numbers(messages()):
        words = field.name.split("_")
        tells = set(words[1:] or words) & UNITS or words[-1] in RATIOS
        if not tells and DIMENSIONLESS.search(text_of(field)) is None:
            bare.append(field.full_name)
    assert bare == []


def test_every_number_in_a_request_tells_its_range() -> None:
    # anyone's plan holds figures of ours, and columns that the planner does not know have any values
    asked = requested(but_not=frozenset({"Plan", "Scalar"}))
    assert [field.full_name for field in numbers(asked) if RANGE.search(text_of(field)) is None] == []


def test_every_list_in_a_request_says_how_many_entries_it_may_have() -> None:
    open_ended = []
    for message in requested():
        for field in message.fields:
            rules = field.GetOptions().Extensions[validate_pb2.field]  # type: ignore[attr-defined]
            is_map = field.message_type is not None and field.message_type.GetOptions().map_entry
            if field.is_repeated and not (rules.map.max_pairs if is_map else rules.repeated.max_items):
                open_ended.append(field.full_name)
    assert open_ended == []
