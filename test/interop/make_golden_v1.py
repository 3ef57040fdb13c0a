"""Make the golden StorageV1 files of test/golden/v1: pyarrow for the payloads, struct for the rest.

Shares nothing with the library: the layout is written down here a second time. Usage:
make_golden_v1.py <directory>. What the files hold goes to expected.json beside them.
"""

import json
import struct
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

MAGIC = 0x00FFFABC
INSERT, DELETE = 1, 2
MADE = 466000000000 << 18  # when every file was made; a fixed time keeps the bytes
COLLECTION, PARTITION, SEGMENT = 449000000000000001, 449000000000000002, 449000000000000003
START, END = 449000000000000100, 449000000000000900
BOOL, INT64, STRING, VARCHAR, FLOAT_VECTOR = 1, 5, 20, 21, 101


def parquet(columns, dictionary=True):
    """One Parquet file of {name: array}, compressed as Milvus does."""
    table = pa.table(list(columns.values()), names=list(columns))
    sink = pa.BufferOutputStream()
    pq.write_table(
        table, sink, compression="zstd", compression_level=3, use_dictionary=dictionary
    )
    return sink.getvalue().to_pybytes()


def header(kind, length, next_position, made=MADE):
    return struct.pack("<QbII", made, kind, length, next_position & 0xFFFFFFFF)


def descriptor(field, payload_type, extras, times):
    text = json.dumps(extras, sort_keys=True, separators=(",", ":")).encode()
    length = 17 + 52 + 8 + 4 + len(text)
    return (
        struct.pack("<I", MAGIC)
        + header(0, length, 4 + length)
        + struct.pack("<qqqqQQi", COLLECTION, PARTITION, SEGMENT, field, *times, payload_type)
        + bytes([52, 16, 16, 16, 16, 16, 16, 16])
        + struct.pack("<i", len(text))
        + text
    )


def binlog(field, payload_type, payloads, extras, kind=INSERT, streamed=False):
    """A whole file: one event per payload. A streamed one leaves out what it cannot know."""
    data = descriptor(field, payload_type, extras, (0, 0) if streamed else (START, END))
    for index, payload in enumerate(payloads):
        length = 17 + 16 + len(payload)
        times = (1, 1) if streamed else (START + index, END - index)
        data += header(kind, length, -1 if streamed else len(data) + length)
        data += struct.pack("<QQ", *times) + payload
    return data


def go_json(value):
    """JSON as Go's encoder prints it: no spaces, and these letters escaped."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for letter in "<>&\u2028\u2029":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def inserts():
    """Name -> (bytes, facts). One file each for the ways in which writers leave insert logs."""
    keys = [[1, 2, 9007199254740993], [-(2**63), 2**63 - 1]]
    words = ["", "grün", "😀 emoji", "x" * 300]
    vectors = [[0.0, 1.5], [-2.25, 3.0], [1e30, -1e-30]]
    packed = [struct.pack("<2f", *vector) for vector in vectors]
    flags = [[True, None, False], [None, None]]
    return {
        "codec-int64-two-events": (
            binlog(
                100,
                INT64,
                [parquet({"val": pa.array(part, pa.int64())}) for part in keys],
                {"original_size": "40", "nullable": False},
            ),
            {"field": 100, "events": 2, "values": [str(key) for part in keys for key in part]},
        ),
        "codec-bool-nullable": (
            binlog(
                103,
                BOOL,
                [parquet({"val": pa.array(part, pa.bool_())}) for part in flags],
                {"original_size": "5", "nullable": True},
            ),
            {"field": 103, "events": 2, "values": [flag for part in flags for flag in part]},
        ),
        "stream-varchar": (
            binlog(
                101,
                VARCHAR,
                [parquet({"101": pa.array(words, pa.string())}, dictionary=False)],
                {"original_size": "334", "nullable": False},
                streamed=True,
            ),
            {"field": 101, "events": 1, "values": words},
        ),
        "stream-vector-two-events": (
            binlog(
                102,
                FLOAT_VECTOR,
                [parquet({"102": pa.array(part, pa.binary(8))}) for part in (packed[:2], packed[2:])],
                {"original_size": "24"},
                streamed=True,
            ),
            {"field": 102, "events": 2, "values": [item.hex() for item in packed]},
        ),
    }


def deletes():
    """Name -> (bytes, facts). Every form that a delete log had."""
    ints = [(1, 100), (9007199254740993, 449000000000000101), (-(2**63), 2**63 - 1)]
    texts = [("a<b>&c", 100), ("", 101), ("\u2028 \"quoted\" \\ 😀", 102), ("plain", 103)]

    def json_log(rows, pk_type):
        lines = [go_json({"pk": pk, "ts": ts, "pkType": pk_type}) for pk, ts in rows]
        return row_log(lines, {"original_size": str(sum(map(len, lines)))})

    def row_log(lines, extras):
        payload = parquet({"val": pa.array(lines, pa.string())})
        return binlog(-1, STRING, [payload], extras, kind=DELETE)

    def multi_log(rows, key_type, payload_type):
        payload = parquet(
            {
                "pk": pa.array([pk for pk, _ in rows], key_type),
                "ts": pa.array([ts for _, ts in rows], pa.int64()),
            }
        )
        extras = {"original_size": "48", "version": "MULTI_FIELD"}
        return binlog(-1, payload_type, [payload], extras, kind=DELETE, streamed=True)

    legacy = row_log([f"{pk},{ts}" for pk, ts in ints], {"original_size": "60"})
    cases = {
        "delete-json-int64": (json_log(ints, 5), ints),
        "delete-json-varchar": (json_log(texts, 21), texts),
        "delete-legacy-text": (legacy, ints),
        "delete-multi-field-int64": (multi_log(ints, pa.int64(), INT64), ints),
        "delete-multi-field-varchar": (multi_log(texts, pa.string(), VARCHAR), texts),
        "delete-packed-int64": (packed_log(ints, pa.int64()), ints),
        "delete-packed-varchar": (packed_log(texts, pa.string()), texts),
    }
    return {
        name: (data, {"keys": [str(pk) for pk, _ in rows], "timestamps": [str(ts) for _, ts in rows]})
        for name, (data, rows) in cases.items()
    }


def packed_log(rows, key_type):
    """A StorageV2 delete log: two columns without names, told apart by field id."""
    fields = [
        pa.field("", kind, nullable=False, metadata={"PARQUET:field_id": str(field_id)})
        for field_id, kind in enumerate((key_type, pa.int64()))
    ]
    columns = [
        pa.array([value for value in column], field.type)
        for column, field in zip(zip(*rows), fields)
    ]
    metadata = {
        "storage_version": "1.0.0",
        "group_field_id_list": "0,1",
        "row_group_metadata": f"48|{len(rows)}|0",
    }
    sink = pa.BufferOutputStream()
    writer = pq.ParquetWriter(sink, pa.schema(fields), compression="zstd", store_schema=False)
    writer.write_batch(pa.record_batch(columns, schema=pa.schema(fields)))
    writer.add_key_value_metadata(metadata)
    writer.close()
    return sink.getvalue().to_pybytes()


def main(directory):
    expected = {}
    for name, (data, facts) in {**inserts(), **deletes()}.items():
        (directory / name).write_bytes(data)
        expected[name] = facts
    text = json.dumps(expected, indent=2, ensure_ascii=False) + "\n"
    (directory / "expected.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
