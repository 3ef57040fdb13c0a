"""libpacked.so driven from Python: pyarrow's arrays over the C Data Interface, checked with
pyarrow's own Parquet reader.

Usage: python3 test/interop/ctypes_packed.py <libpacked.so>   (pyarrow on PYTHONPATH)
"""

import gc
import os
import sys
import tempfile
import threading
import traceback

import pyarrow as pa
import pyarrow.parquet as pq
from packed_library import (
    ALREADY_EXISTS,
    CLOSED,
    FIELD_ID,
    INVALID_ARGUMENT,
    INVALID_SCHEMA,
    METADATA_CORRUPTED,
    NETWORK,
    NOT_FOUND,
    TIMEOUT,
    CStorageConfig,
    Library,
    PackedError,
)
from packed_uploader import MemoryUploader


def field(name, type_, id_, nullable=True):
    return pa.field(name, type_, nullable, {FIELD_ID: str(id_)})


SCHEMA = pa.schema(
    [
        field("pk", pa.int64(), 100, False),
        field("flag", pa.bool_(), 101),
        field("tiny", pa.int8(), 102),
        field("ratio", pa.float32(), 103),
        field("price", pa.float64(), 104),
        field("title", pa.string(), 105),
        field("blob", pa.binary(), 106),
        field("vector", pa.binary(16), 107, False),
        field("tags", pa.list_(pa.string()), 108),
    ]
)
GROUPS = [[0, 1, 2, 3, 4], [7], [5, 6, 8]]


def rows(first, count):
    """Row r of every column is a function of r, null in its own rhythm."""

    def column(name, value, every):
        type_ = SCHEMA.field(name).type
        return pa.array(
            [None if every and r % every == 0 else value(r) for r in range(first, first + count)],
            type_,
        )

    return pa.record_batch(
        [
            column("pk", lambda r: r * (2**33), 0),
            column("flag", lambda r: r % 3 == 0, 5),
            column("tiny", lambda r: r % 256 - 128, 7),
            column("ratio", lambda r: r / 4, 11),
            column("price", lambda r: -r * 1.5, 3),
            column("title", lambda r: "" if r % 10 == 9 else f"título {r}", 13),
            column("blob", lambda r: bytes([r % 256]) * (r % 50), 17),
            column("vector", lambda r: r.to_bytes(8, "little") * 2, 0),
            column("tags", lambda r: [f"a{r}", None, ""][: r % 4], 19),
        ],
        schema=SCHEMA,
    )


def same(received, expected):
    """Equal values and types; what Parquet does not keep (metadata of fields) does not count."""
    assert received.num_rows == expected.num_rows, (received.num_rows, expected.num_rows)
    assert received.schema.names == expected.schema.names, received.schema.names
    for name in expected.schema.names:
        got, want = received[name].combine_chunks(), expected[name].combine_chunks()
        assert got.type == want.type, (name, got.type, want.type)
        assert got.equals(want), name


def raises(code, mention, function, *arguments, **options):
    try:
        function(*arguments, **options)
    except PackedError as error:
        assert error.code == code, error
        assert mention in error.message, error
        return
    raise AssertionError(f"Expected error {code} but received none")


# Every test gets the library and a directory of its own.


def test_written_files_are_what_pyarrow_expects(lib, directory):
    paths = [f"{directory}/seg/{name}" for name in ("0", "107", "105")]
    whole = rows(0, 9000)
    batches = [whole.slice(0, 1), whole.slice(1, 4000), whole.slice(4001, 0), whole.slice(4001)]
    lib.write_all(SCHEMA, GROUPS, paths, batches)
    ids = "100,101,102,103,104;107;105,106,108"
    for path, group in zip(paths, GROUPS):
        file = pq.ParquetFile(path)
        expected = pa.Table.from_batches([whole]).select(group)
        same(file.read(), expected)
        keys = file.metadata.metadata
        assert keys[b"group_field_id_list"].decode() == ids, keys
        assert keys[b"storage_version"] == b"1.0.0", keys
        assert b"ARROW:schema" not in keys, keys
        records = [record.split(b"|") for record in keys[b"row_group_metadata"].split(b";")]
        groups = file.metadata.num_row_groups
        counts = [file.metadata.row_group(i).num_rows for i in range(groups)]
        assert [int(record[1]) for record in records] == counts, (records, counts)
        assert [int(record[2]) for record in records] == [sum(counts[:i]) for i in range(groups)]
        for received, index in zip(file.schema_arrow, group):
            assert received.metadata[FIELD_ID] == SCHEMA.field(index).metadata[FIELD_ID]
            assert received.nullable == SCHEMA.field(index).nullable, received


def test_files_read_back_equal_at_any_buffer(lib, directory):
    paths = [f"{directory}/{i}" for i in range(3)]
    whole = rows(0, 20000)
    lib.write_all(SCHEMA, GROUPS, paths, [whole], buffer_size=1)
    order = [column for group in GROUPS for column in group]
    expected = pa.Table.from_batches([whole]).select(order)
    for buffer_size in (0, 1, 64 << 10, 16 << 20):
        same(lib.read_all(paths, buffer_size=buffer_size), expected)


def test_projection_in_another_order_with_an_absent_field(lib, directory):
    paths = [f"{directory}/{i}" for i in range(3)]
    whole = rows(0, 500)
    lib.write_all(SCHEMA, GROUPS, paths, [whole])
    wanted = pa.schema(
        [SCHEMA.field("vector"), field("absent", pa.int32(), 999), SCHEMA.field("pk")]
    )
    table = lib.read_all(paths, schema=wanted)
    assert table.schema.names == ["vector", "absent", "pk"]
    assert table["absent"].null_count == 500
    same(table.select(["vector", "pk"]), pa.Table.from_batches([whole]).select(["vector", "pk"]))


def test_files_of_pyarrow_with_the_three_keys_are_read(lib, directory):
    table = pa.Table.from_batches([rows(0, 300)]).select(["pk", "title"])
    keys = {
        "group_field_id_list": "100,105",
        "row_group_metadata": "2400|100|0;2400|100|100;2400|100|200",
        "storage_version": "1.0.0",
    }
    path = f"{directory}/foreign"
    with pq.ParquetWriter(path, table.schema, store_schema=False) as writer:
        writer.write_table(table, row_group_size=100)
        writer.add_key_value_metadata(keys)
    same(lib.read_all([path]), table)
    pq.write_table(table, f"{directory}/plain")
    raises(METADATA_CORRUPTED, "plain", lib.read_all, [f"{directory}/plain"])


def test_storage_config_reaches_the_store(lib, directory):
    config = CStorageConfig(root_path=directory.encode(), request_timeout_ms=1, use_ssl=1)
    batch = rows(0, 10)
    lib.write_all(SCHEMA, GROUPS, ["a/0", "a/1", "a/2"], [batch], config=config)
    assert sorted(os.listdir(f"{directory}/a")) == ["0", "1", "2"]
    order = [column for group in GROUPS for column in group]
    expected = pa.Table.from_batches([batch]).select(order)
    same(lib.read_all(["a/0", "a/1", "a/2"], config=config), expected)


def test_an_object_store_that_is_not_there_is_said_so(lib, directory):
    # Port 9 (discard) refuses connections wherever nobody has set it up.
    remote = CStorageConfig(
        storage_type=b"minio",
        address=b"127.0.0.1:9",
        bucket_name=b"b",
        access_key_id=b"key",
        access_key_value=b"a-secret",
        request_timeout_ms=500,
        retry_timeout_ms=1000,
    )
    try:
        lib.open_reader(["a/0"], config=remote)
        raise AssertionError("Expected an error for a store that is not there")
    except PackedError as error:
        assert error.code in (NETWORK, TIMEOUT), error
        assert "a-secret" not in error.message, error


def test_objects_go_through_an_uploader_of_python(lib, directory):
    store = MemoryUploader()
    config = CStorageConfig(storage_type=b"minio", address=b"127.0.0.1:9", bucket_name=b"b")
    whole = rows(0, 3000)
    paths = ["b/seg/0", "seg/107", "b/seg/105"]
    writer = lib.open_writer(SCHEMA, GROUPS, paths, config=config, uploader=store.table)
    lib.write(writer, whole)
    assert store.objects == {}
    lib.call("CloseWriter", writer)
    assert store.released.wait(5)
    assert sorted(store.objects) == ["seg/0", "seg/105", "seg/107"]
    for path, group in zip(("seg/0", "seg/107", "seg/105"), GROUPS):
        received = pq.read_table(pa.BufferReader(store.objects[path]))
        same(received, pa.Table.from_batches([whole]).select(group))

    # A second writer must not replace them; what it had put before is removed again.
    del store.objects["seg/0"]
    again = MemoryUploader(store.objects)
    writer = lib.open_writer(SCHEMA, GROUPS, paths, config=config, uploader=again.table)
    lib.write(writer, whole)
    raises(ALREADY_EXISTS, "stands", lib.call, "CloseWriter", writer)
    assert again.released.wait(5)
    assert sorted(store.objects) == ["seg/105", "seg/107"]


def test_parts_go_through_an_uploader_of_python(lib, directory):
    store = MemoryUploader()
    config = CStorageConfig(
        storage_type=b"minio",
        address=b"127.0.0.1:9",
        bucket_name=b"b",
        multipart_part_bytes=5 << 20,
        upload_bytes_in_flight=1,
    )
    schema = pa.schema([field("blob", pa.binary(1 << 20), 100, False)])
    values = [bytes([i]) * (1 << 20) for i in range(17)]
    writer = lib.open_writer(schema, [[0]], ["blob"], config=config, uploader=store.table)
    for value in values:
        lib.write(writer, pa.record_batch([pa.array([value], schema[0].type)], schema=schema))
    lib.call("CloseWriter", writer)
    sizes = [store.part_sizes[number] for number in sorted(store.part_sizes)]
    assert sizes[:-1] == [5 << 20] * 3 and sizes[-1] < 5 << 20, sizes
    assert store.uploads == {} and store.most_at_once == 1, store.most_at_once
    table = pq.read_table(pa.BufferReader(store.objects["blob"]))
    assert table["blob"].to_pylist() == values


def test_failures_leave_nothing_behind(lib, directory):
    paths = [f"{directory}/new/{i}" for i in range(3)]
    raises(NOT_FOUND, paths[0], lib.open_reader, paths)
    raises(INVALID_ARGUMENT, "num_groups", lib.open_writer, SCHEMA, GROUPS, paths[:2])
    no_ids = pa.schema([pa.field("title", pa.string())])
    raises(INVALID_SCHEMA, "title", lib.open_writer, no_ids, [[0]], paths[:1])

    writer = lib.open_writer(SCHEMA, GROUPS, paths)
    lib.write(writer, rows(0, 100))
    narrow = rows(0, 100).select(["pk", "title"])
    try:
        lib.write(writer, narrow)
        raise AssertionError("Expected an error for a batch with two of nine columns")
    except PackedError as error:
        raises(error.code, error.message, lib.call, "CloseWriter", writer)
    raises(CLOSED, "writer", lib.call, "CloseWriter", writer)
    assert os.listdir(directory) == []

    os.mkdir(f"{directory}/new")
    with open(paths[1], "w") as file:
        file.write("mine")
    raises(ALREADY_EXISTS, paths[1], lib.open_writer, SCHEMA, GROUPS, paths)
    assert os.listdir(f"{directory}/new") == ["1"]


def test_memory_comes_back(lib, directory):
    paths = [f"{directory}/{i}" for i in range(3)]
    gc.collect()
    before = pa.total_allocated_bytes()
    batch = rows(0, 30000)
    lib.write_all(SCHEMA, GROUPS, paths, [batch])
    reader = lib.open_reader(paths)
    kept = lib.read_next(reader)
    lib.call("CloseReader", reader)
    values = kept["pk"].to_pylist()
    assert values == [r * (2**33) for r in range(len(values))]
    del kept, batch
    gc.collect()
    # One libarrow serves both sides where the versions agree; then this counts ours as well.
    assert pa.total_allocated_bytes() == before, pa.total_allocated_bytes() - before


def test_writers_of_several_threads_do_not_meet(lib, directory):
    failures = []

    def work(thread):
        try:
            paths = [f"{directory}/{thread}/{i}" for i in range(3)]
            batches = [rows(thread * 10000 + i * 100, 100) for i in range(20)]
            lib.write_all(SCHEMA, GROUPS, paths, batches, buffer_size=4096)
            table = lib.read_all(paths)
            assert table["pk"].to_pylist() == [
                r * (2**33) for r in range(thread * 10000, thread * 10000 + 2000)
            ]
        except BaseException:
            failures.append(traceback.format_exc())

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    lib = Library(os.path.abspath(sys.argv[1]))
    passed = failed = 0
    for name, test in list(globals().items()):
        if not name.startswith("test_"):
            continue
        with tempfile.TemporaryDirectory() as directory:
            try:
                test(lib, directory)
                passed += 1
            except Exception:
                failed += 1
                print(f"FAILED {name}\n{traceback.format_exc()}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
