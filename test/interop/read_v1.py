"""Read StorageV1 binlogs with struct and pyarrow only; prints what they hold as one JSON line.

Shares nothing with the library. Usage: read_v1.py <file>...
"""

import json
import struct
import sys

import pyarrow as pa
import pyarrow.parquet as pq


def read_events(data, start):
    """Every event from `start` on; an event that does not end inside the file is an error."""
    at = start
    while at < len(data):
        made, kind, length, next_position = struct.unpack_from("<Qbii", data, at)
        first, last = struct.unpack_from("<QQ", data, at + 17)
        assert at + length <= len(data), f"event at {at} ends behind the file"
        assert next_position in (-1, at + length), f"next position {next_position} at {at}"
        payload = data[at + 33 : at + length]
        yield {"kind": kind, "first": str(first), "last": str(last)}, payload
        at += length


def plain(value):
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def describe_payload(payload):
    file = pq.ParquetFile(pa.BufferReader(payload))
    (column,) = file.read().columns
    chunk = file.metadata.row_group(0).column(0)
    return {
        "column": file.schema_arrow.names[0],
        "type": str(column.type),
        "values": [plain(value) for value in column.to_pylist()],
        "codec": chunk.compression,
        "dictionary": chunk.has_dictionary_page,
    }


def describe(path):
    with open(path, "rb") as file:
        data = file.read()
    (magic,) = struct.unpack_from("<I", data, 0)
    assert magic == 0x00FFFABC, hex(magic)
    (extras_length,) = struct.unpack_from("<i", data, 81)
    ids = struct.unpack_from("<qqqq", data, 21)
    start, end, payload_type = struct.unpack_from("<QQi", data, 53)
    events = list(read_events(data, 85 + extras_length))
    return {
        "ids": [str(value) for value in ids],
        "times": [str(start), str(end)],
        "payloadType": payload_type,
        "extras": json.loads(data[85 : 85 + extras_length]),
        "events": [{**head, **describe_payload(payload)} for head, payload in events],
    }


print(json.dumps([describe(path) for path in sys.argv[1:]]))
