"""python3 foreign_files.py <directory>: Parquet with what our writer never writes, by pyarrow.

Prints the names of the files as one JSON line.
"""

import datetime
import decimal
import inspect
import json
import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 400


def numbers():
    rows = range(ROWS)
    return pa.table(
        {
            "id": pa.array(rows, pa.int64()),
            "small": pa.array([None if r % 5 == 2 else r % 100 for r in rows], pa.int16()),
            "real": pa.array([r / 7 for r in rows], pa.float64()),
            "word": pa.array([None if r % 7 == 3 else f"word {r % 13}" for r in rows]),
            "flag": pa.array([r % 3 == 0 for r in rows]),
            "price": pa.array([decimal.Decimal(r) / 4 for r in rows], pa.decimal128(12, 2)),
            "hash": pa.array([bytes([r & 255] * 16) for r in rows], pa.binary(16)),
        }
    )


def times():
    start = datetime.datetime(2024, 2, 29)
    stamps = [None if r % 9 == 4 else start + datetime.timedelta(seconds=r) for r in range(ROWS)]
    return pa.table(
        {
            "ns": pa.array(stamps, pa.timestamp("ns")),
            "us": pa.array(stamps, pa.timestamp("us", "UTC")),
            "day": pa.array([None if s is None else s.date() for s in stamps]),
            "span": pa.array(range(ROWS), pa.duration("ms")),
        }
    )


def nested():
    rows = range(ROWS)
    return pa.table(
        {
            "deep": pa.array([[[[r], []], None, []][: r % 4] for r in rows]),
            "members": pa.array(
                [None if r % 6 == 1 else {"a": r, "b": [{"c": str(r)}] * (r % 3)} for r in rows]
            ),
            "pairs": pa.array(
                [[(f"k{r % 4}", r)] * (r % 3) for r in rows], pa.map_(pa.string(), pa.int32())
            ),
            "fixed": pa.array([[r, r + 1.0, None] for r in rows], pa.list_(pa.float32(), 3)),
            "dotted.name": pa.array(rows, pa.uint64()),
        }
    )


def empty_row_groups(path):
    table = numbers()
    with pq.ParquetWriter(path, table.schema) as writer:
        for piece in (table[:0], table[:10], table[:0], table[10:50], table[:0]):
            writer.write_table(piece, row_group_size=20)


def bloom_filters():
    """None from a pyarrow that cannot write them."""
    if "bloom_filter_options" not in inspect.signature(pq.ParquetWriter.__init__).parameters:
        return {}
    return {"bloom_filter_options": {"id": {"ndv": ROWS}, "word": {"ndv": 20}}}


def main(directory):
    whole = {
        "v2-pages": (numbers(), {"data_page_version": "2.0", "compression": "zstd"}),
        "v2-pages-stored": (numbers(), {"data_page_version": "2.0", "compression": "none"}),
        "v2-pages-nested": (nested(), {"data_page_version": "2.0"}),
        "page-index": (numbers(), {"write_page_index": True, "max_rows_per_page": 50}),
        "checksums": (numbers(), {"write_page_checksum": True, "row_group_size": 90}),
        "bloom-filters": (numbers(), bloom_filters()),
        "brotli": (numbers(), {"compression": "brotli"}),
        "lz4": (nested(), {"compression": "lz4"}),
        "gzip": (numbers(), {"compression": "gzip", "use_dictionary": False}),
        "int96": (times(), {"use_deprecated_int96_timestamps": True}),
        "times-1.0": (
            times(),
            {"version": "1.0", "coerce_timestamps": "ms", "allow_truncated_timestamps": True},
        ),
        "nested": (nested(), {"row_group_size": 150}),
        "nested-old-names": (nested(), {"use_compliant_nested_type": False}),
        "split-bytes": (
            numbers().select(["id", "real"]),
            {"use_byte_stream_split": True, "use_dictionary": False},
        ),
        "deltas": (
            numbers().select(["id", "word"]),
            {
                "use_dictionary": False,
                "column_encoding": {"id": "DELTA_BINARY_PACKED", "word": "DELTA_BYTE_ARRAY"},
            },
        ),
        "decimals-as-integers": (numbers(), {"store_decimal_as_integer": True}),
        "sorted": (numbers(), {"sorting_columns": [pq.SortingColumn(0)]}),
        "no-rows": (numbers()[:0], {}),
        "no-columns": (pa.table({}), {}),
    }
    for name, (table, options) in whole.items():
        pq.write_table(table, os.path.join(directory, name + ".parquet"), **options)
    empty_row_groups(os.path.join(directory, "empty-row-groups.parquet"))
    names = [name + ".parquet" for name in [*whole, "empty-row-groups"]]
    print(json.dumps(names))


main(*sys.argv[1:])
