"""write_pages.py DIRECTORY: one table as Parquet pages of every kind, and as expected.arrow.

Prints the names of the files as a JSON array. Deterministic.
"""

import json
import os
import random
import struct
import sys

import pyarrow as pa
import pyarrow.parquet as pq

DIRECTORY = sys.argv[1]
ROWS = 4000
RANDOM = random.Random(20261121)


def numbers(kind, distinct, nulls):
    pool = [RANDOM.randrange(-(2**31), 2**31) for _ in range(distinct)]
    values = [RANDOM.choice(pool) for _ in range(ROWS)]
    if pa.types.is_floating(kind):
        values = [value / 1024 for value in values]
    if pa.types.is_boolean(kind):
        values = [value % 3 == 0 for value in values]
    if nulls:
        values = [None if RANDOM.random() < nulls else value for value in values]
    return pa.array(values, kind)


def vectors(dim):
    data = struct.pack(f"<{ROWS * dim}f", *(RANDOM.random() for _ in range(ROWS * dim)))
    kind = pa.binary(4 * dim)
    return pa.FixedSizeBinaryArray.from_buffers(kind, ROWS, [None, pa.py_buffer(data)])


def table():
    columns = {
        "id": (pa.array(range(ROWS), pa.int64()), False),
        "i32": (numbers(pa.int32(), 5000, 0), False),
        "i32_few": (numbers(pa.int32(), 9, 0), False),
        "i64_null": (numbers(pa.int64(), 5000, 0.1), True),
        "i64_few_null": (numbers(pa.int64(), 5, 0.5), True),
        "f32": (numbers(pa.float32(), 5000, 0), False),
        "f64_null": (numbers(pa.float64(), 5000, 0.2), True),
        "flag": (numbers(pa.bool_(), 50, 0), False),
        "flag_null": (numbers(pa.bool_(), 50, 0.1), True),
        "all_null": (pa.nulls(ROWS, pa.int32()), True),
        "never_null": (numbers(pa.int32(), 5000, 0), True),
        "text": (pa.array([f"row {i % 700}" for i in range(ROWS)]), False),
        "list": (pa.array([[i, None] if i % 3 else None for i in range(ROWS)]), True),
        "vector": (vectors(8), False),
    }
    fields = [
        pa.field(name, values.type, nullable, {"PARQUET:field_id": str(100 + i)})
        for i, (name, (values, nullable)) in enumerate(columns.items())
    ]
    return pa.table([values for values, _ in columns.values()], pa.schema(fields))


PLAIN = {"use_dictionary": False}
FORMS = {
    "v1-plain": {**PLAIN, "compression": "none"},
    "v1-plain-zstd": {**PLAIN, "compression": "zstd"},
    "v2-plain": {**PLAIN, "compression": "none", "data_page_version": "2.0"},
    "v2-plain-zstd": {**PLAIN, "compression": "zstd", "data_page_version": "2.0"},
    "v1-dictionary": {"compression": "zstd"},
    "v2-dictionary-snappy": {"compression": "snappy", "data_page_version": "2.0"},
    "v1-dictionary-ends": {"compression": "zstd", "dictionary_pagesize_limit": 2000},
    "v1-small-pages": {**PLAIN, "compression": "zstd", "data_page_size": 1000},
    "v1-checksums": {**PLAIN, "compression": "zstd", "write_page_checksum": True},
    "v2-checksums": {
        "compression": "none",
        "write_page_checksum": True,
        "data_page_version": "2.0",
        "data_page_size": 3000,
    },
    "v1-small-row-groups": {"compression": "zstd", "row_group_size": 333},
    "v1-page-index": {"compression": "zstd", "write_page_index": True, "data_page_size": 2000},
    "v1-gzip": {"compression": "gzip"},
    "v1-lz4": {"compression": "lz4"},
    "v2-delta": {
        **PLAIN,
        "compression": "zstd",
        "data_page_version": "2.0",
        "column_encoding": {
            "id": "DELTA_BINARY_PACKED",
            "i64_null": "DELTA_BINARY_PACKED",
            "text": "DELTA_BYTE_ARRAY",
        },
    },
    "v1-split": {
        **PLAIN,
        "compression": "zstd",
        "column_encoding": {"f32": "BYTE_STREAM_SPLIT", "vector": "BYTE_STREAM_SPLIT"},
    },
}

written = table()
for name, options in FORMS.items():
    pq.write_table(written, os.path.join(DIRECTORY, name), **options)

# Row groups of every size, none and one among them.
with pq.ParquetWriter(os.path.join(DIRECTORY, "v1-empty-row-groups"), written.schema) as writer:
    first = 0
    for rows in (0, 1, 0, 1499, 2500, 0):
        writer.write_table(written.slice(first, rows), row_group_size=max(rows, 1))
        first += rows

with pa.OSFile(os.path.join(DIRECTORY, "expected.arrow"), "wb") as file:
    with pa.ipc.new_file(file, written.schema) as writer:
        writer.write_table(written)
print(json.dumps([*FORMS, "v1-empty-row-groups"]))
