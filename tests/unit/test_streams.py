"""Every stream, compared with the service model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape

from partner_central.api.model_extras import service_model
from partner_central.list_stream import WholeListStream
from partner_central.operation import PAGE_SIZE, Search
from partner_central.per_id_stream import PerIdStream
from partner_central.public import OPPORTUNITIES, stream_model
from partner_central.stream import IncrementalStream, Stream
from partner_central.streams import STREAMS
from partner_central.tables.personal_members import personal_column
from partner_central.tables.table import MAX_NAME, ChildTable, RecordModel
from partner_central.tables.table import Path as TablePath


def input_of(stream: Stream) -> StructureShape:
    model = service_model().operation_model(stream.operation.name)
    return cast("StructureShape", model.input_shape)


def record_of(stream: Stream) -> StructureShape:
    return record_shape(stream.operation.name, stream.operation.records)


def record_shape(operation: str, records: str | None) -> StructureShape:
    """The shape of the records of an operation; without a list of them, the answer is the record."""
    answer = cast("StructureShape", service_model().operation_model(operation).output_shape)
    return cast("StructureShape", cast("ListShape", answer.members[records]).member) if records else answer


def added_to(stream: Stream) -> set[str]:
    """The members that a record is given when it is read."""
    return {stream.id_member} if isinstance(stream, PerIdStream) else set()


def typed_paths(model: RecordModel | ChildTable, above: TablePath = ()) -> Iterator[TablePath]:
    """The paths that can have a type: of the columns of a table and of its lists. A map has the type of its values."""
    yield from ((*above, *column.path) for column in model.columns)
    for child in model.children:
        yield (*above, *child.path)
        yield from typed_paths(child, (*above, *child.path))


def keys_of_search(request: StructureShape) -> set[str]:
    """The keys that a condition of a search can be about."""
    leaf = cast("StructureShape", cast("StructureShape", request.members["Filter"]).members["EqualsTo"])
    return {*cast("StringShape", leaf.members["Key"]).enum}


def names(table: str, children: tuple[ChildTable, ...]) -> list[str]:
    below = [(f"{table}__{child.name}", child.children) for child in children]
    return [found for name, more in below for found in (name, *names(name, more))]


def columns_of_lists(table: str, children: tuple[ChildTable, ...]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for child in children:
        name = f"{table}__{child.name}"
        found |= {name: {one.name for one in child.columns}} | columns_of_lists(name, child.children)
    return found


def of(kind: type[Stream]) -> pytest.MarkDecorator:
    """Every stream that is read this way."""
    found = [stream for stream in STREAMS if isinstance(stream, kind)]
    return pytest.mark.parametrize("stream", found, ids=lambda stream: stream.table)


each, each_with_a_cursor, each_whole, each_by_id = map(of, (Stream, IncrementalStream, WholeListStream, PerIdStream))


@each
def test_the_record_has_its_key_and_its_dates(stream: Stream) -> None:
    assert {*stream.members.required} <= record_of(stream).members.keys() | added_to(stream)


@each
def test_the_request_takes_the_page_size(stream: Stream) -> None:
    size = input_of(stream).members.get("MaxResults")
    if stream.operation.records:
        assert size is not None
        assert size.metadata["max"] == stream.operation.page_size
    else:
        assert (size, stream.operation.page_size) == (None, PAGE_SIZE), "a record has no pages"


@each_by_id
def test_the_request_for_an_id_has_what_the_operation_needs(stream: PerIdStream) -> None:
    assert {*input_of(stream).required_members} == {"Catalog", stream.operation.id_member}
    members = {column.name for column in stream_model(stream.parent.stream).columns}
    assert {stream.parent.modified, stream.parent.created} <= members
    if stream.parent.closed is not None:
        name, values = stream.parent.closed
        (column,) = [one for one in stream_model(stream.parent.stream).columns if one.name == name]
        shape: Shape = record_of(stream.parent.stream)
        for member in column.path:
            shape = cast("StructureShape", shape).members[member]
        assert {*values} < {*cast("StringShape", shape).enum}


@each_with_a_cursor
def test_the_request_takes_the_bounds_and_the_orders(stream: IncrementalStream) -> None:
    request = input_of(stream)
    for path in (stream.read.since, stream.read.backfill.since):
        shape = request
        if isinstance(stream.operation, Search):
            assert {*path} <= keys_of_search(request)
            continue
        for member in path:
            shape = cast("StructureShape", shape.members[member])
    orders = cast("StructureShape", request.members["Sort"]).members["SortBy"].enum
    members = stream.members
    assert members.created in record_of(stream).members
    assert {members.modified, members.created, stream.read.backfill.sample_by} <= set(orders)


@each_whole
def test_the_request_for_a_whole_list_is_one_that_the_operation_takes(stream: WholeListStream) -> None:
    request = input_of(stream)
    for members in stream.requests:
        assert {"Catalog", *members} >= {*request.required_members}
        assert all(value in cast("StringShape", request.members[name]).enum for name, value in members.items())
    if stream.sort_by is not None:
        orders = cast("StructureShape", request.members["Sort"]).members["SortBy"]
        assert stream.sort_by in cast("StringShape", orders).enum
    output = service_model().operation_model(stream.operation.name).output_shape
    required = stream.operation.records in cast("StructureShape", output).required_members
    assert stream.operation.may_be_absent or required


@each_whole
def test_the_second_way_gives_the_same_members(stream: WholeListStream) -> None:
    if stream.fallback is None:
        return
    assert stream.history is None, "not every record is read each time"
    short, service = stream.fallback.operation, service_model()
    shape = service.operation_model(short.name)
    sort = cast("StructureShape", cast("StructureShape", shape.input_shape).members["Sort"])
    assert stream.fallback.sort_by in cast("StringShape", sort.members["SortBy"]).enum
    assert short.records in cast("StructureShape", shape.output_shape).members
    detail = service.operation_model(stream.fallback.detail)
    assert {*cast("StructureShape", detail.input_shape).required_members} == {"Catalog", "Identifier"}
    assert {*sensitive_members(cast("Shape", detail.output_shape))} <= {*stream.personal, *stream.not_personal}


@each_with_a_cursor
def test_a_filter_takes_as_many_values_as_the_model_says(stream: IncrementalStream) -> None:
    members = input_of(stream).members
    limits = {one.member: one.max_values for one in stream.filters}
    if isinstance(stream.operation, Search):
        assert limits.keys() <= keys_of_search(input_of(stream))
        assert [one.option for one in stream.filters] == [one.option for one in OPPORTUNITIES.filters]
        assert [*limits.values()] == [one.max_values for one in OPPORTUNITIES.filters]
        return
    assert limits == {name: members[name].metadata["max"] for name in limits}


@each
def test_what_it_says_of_columns_is_about_columns_there_are(stream: Stream) -> None:
    model = stream_model(stream)
    columns = {column.name for column in model.columns}
    assert stream.personal_columns <= columns
    lists = columns_of_lists(stream.table, model.children)
    assert all(wanted <= lists[table] for table, wanted in stream.personal_in_lists.items())
    assert len(stream.personal_columns) + sum(map(len, stream.personal_in_lists.values())) == len(stream.personal)
    assert {*stream.types} <= {*typed_paths(model)}


@pytest.mark.parametrize("stream", [one for one in STREAMS if one.history], ids=lambda one: one.table)
def test_a_version_is_made_of_columns_there_are(stream: Stream) -> None:
    assert stream.history is not None
    model = stream_model(stream)
    columns = {column.name for column in model.columns}
    assert stream.history.lists.keys() <= {child.name for child in model.children}
    assert set(stream.history.content) <= columns | stream.history.lists.keys()
    assert stream.personal_columns <= set(stream.history.content), "a mask makes another version"


def sensitive_members(shape: Shape, path: str = "") -> Iterator[str]:
    """The paths of the members that the service model calls sensitive, as a stream writes them."""
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from sensitive_members(member, f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape):
        yield from sensitive_members(shape.member, f"{path}[]")
    elif isinstance(shape, MapShape):
        yield from sensitive_members(shape.key, f"{path}[].Key")
        yield from sensitive_members(shape.value, f"{path}[].Value")
    elif shape.metadata.get("sensitive"):
        yield path


@each
def test_every_member_that_the_model_calls_sensitive_is_classified(stream: Stream) -> None:
    classified = {*stream.personal, *stream.not_personal}
    assert {*sensitive_members(record_of(stream))} <= classified
    assert len(classified) == len(stream.personal) + len(stream.not_personal), "one or the other"
    assert {*stream.personal_at_first} <= {*stream.personal}
    assert all(stream.not_personal.values()), "with a reason"


@each
def test_every_member_is_classified_once(stream: Stream) -> None:
    shapes = [record_shape(name, records) for name, records in stream.record_shapes]
    there = {path for shape in shapes for path in members_of(shape)} | added_to(stream)
    named = [*stream.personal, *stream.not_personal, *stream.plain]
    assert {*named} == there
    assert len({*named}) == len(named)
    assert {*stream.members.required} <= {*stream.not_personal, *stream.plain}, "a mask is no key"


@each
def test_every_column_of_the_model_is_of_a_known_member(stream: Stream) -> None:
    model = stream_model(stream)
    known = stream.classified_columns
    columns = {column.name for column in model.columns} - ({stream.key_column} if stream.members.key_parts else {*()})
    assert known[stream.table] == columns | {child.name for child in model.children}
    for table, below in columns_of_lists(stream.table, model.children).items():
        assert known.get(table, {"value"}) >= below


def members_of(shape: Shape, path: str = "") -> Iterator[str]:
    """The paths of all members of a shape, as a stream writes them."""
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from members_of(member, f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape):
        yield from members_of(shape.member, f"{path}[]")
    elif isinstance(shape, MapShape):
        yield from (f"{path}[].Key", f"{path}[].Value")
    else:
        yield path.removesuffix("[]")


@each
def test_the_page_of_personal_data_has_every_member_that_is_classified(stream: Stream) -> None:
    page = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text()
    section = page.partition(f"\n## {stream.table}\n")[2].partition("\n## ")[0]
    classes = dict.fromkeys(stream.personal, "personal or free text")
    for path, kind in {**classes, **dict.fromkeys(stream.not_personal, "not personal: ")}.items():
        *lists, column = personal_column(path, stream.names).split(".")
        table = "__".join((stream.table, *lists))
        (row,) = [line for line in section.splitlines() if line.startswith(f"| `{table}` | `{column}` | ")]
        assert kind in row
        assert stream.not_personal.get(path, "a keyed hash | null") in row


@each
def test_its_tables_have_names_that_every_database_takes(stream: Stream) -> None:
    found = [*stream.tables, *names(stream.table, stream_model(stream).children)]
    assert len({*found}) == len(found)
    assert max(map(len, found)) <= MAX_NAME


@each
def test_a_policy_for_it_has_its_operations(stream: Stream) -> None:
    assert {stream.operation.name} <= {*stream.operations} <= {*service_model().operation_names}


@each
def test_its_share_of_calls_is_a_share(stream: Stream) -> None:
    assert 0 < stream.share_of_calls <= 1


def test_tables_and_keys_of_several_streams_do_not_collide() -> None:
    for names_of in (lambda one: one.table, lambda one: one.singular):
        assert len({names_of(stream) for stream in STREAMS}) == len(STREAMS)
