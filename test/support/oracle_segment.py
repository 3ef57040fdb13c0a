"""Insert logs of StorageV1 as struct and pyarrow read them, against an IPC stream."""

import struct

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

import oracle_compare


def read_binlog(path):
    """The payloads of all events, one after the other, as one column."""
    with open(path, "rb") as file:
        data = file.read()
    (magic,) = struct.unpack_from("<I", data, 0)
    assert magic == 0x00FFFABC, f"{path}: {magic:#x}"
    (extras,) = struct.unpack_from("<i", data, 81)
    at, columns = 85 + extras, []
    while at < len(data):
        kind, length = struct.unpack_from("<bi", data, at + 8)
        assert kind == 1, f"{path}: event type {kind}"
        (column,) = pq.read_table(pa.BufferReader(data[at + 33 : at + length])).columns
        columns.extend(column.chunks)
        at += length
    assert at == len(data), f"{path}: {len(data)} bytes, events end at {at}"
    return pa.chunked_array(columns)


def same_binlogs(request):
    """Differences between the logs of one chunk and a slice of an IPC stream."""
    with pa.memory_map(request["ipc"]) as source:
        original = ipc.open_stream(source).read_all()
    original = original.slice(request["offset"], request["rows"])
    stored = pa.table({log["name"]: read_binlog(log["path"]) for log in request["logs"]})
    return oracle_compare.table_differences(
        oracle_compare.as_stored(original).select(stored.column_names), stored
    )


COMMANDS = {"sameBinlogs": same_binlogs}
