"""What pyarrow says of Parquet files: rows as JSON can have them, and the facts of footers.

Usage: every_command.py <request as JSON>; a list of lists of paths, files of a list joined by row.
"""

import base64
import json
import math
import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq


def plain(value):
    """Bytes as base64, what JSON has no number for as null."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


def facts(path):
    metadata = pq.ParquetFile(path).metadata
    chunks = []
    for group in range(metadata.num_row_groups):
        for index in range(metadata.num_columns):
            chunk = metadata.row_group(group).column(index)
            statistics = chunk.statistics
            has_nulls = statistics is not None and statistics.has_null_count
            has_range = statistics is not None and statistics.has_min_max
            is_integer = chunk.physical_type in ("INT32", "INT64")
            chunks.append(
                {
                    "column": chunk.path_in_schema,
                    "rowGroup": group,
                    "physicalType": chunk.physical_type,
                    "codec": chunk.compression,
                    "encodings": sorted(set(chunk.encodings)),
                    "values": chunk.num_values,
                    "compressedBytes": chunk.total_compressed_size,
                    "uncompressedBytes": chunk.total_uncompressed_size,
                    "nullCount": statistics.null_count if has_nulls else None,
                    # Raw, in the unit that is stored.
                    "range": [str(statistics.min_raw), str(statistics.max_raw)]
                    if has_range and is_integer
                    else None,
                }
            )
    return {
        "bytes": os.path.getsize(path),
        "rows": metadata.num_rows,
        "rowGroups": [metadata.row_group(g).num_rows for g in range(metadata.num_row_groups)],
        "createdBy": metadata.created_by,
        "chunks": chunks,
    }


def answer(paths):
    tables = [pq.ParquetFile(path).read() for path in paths]
    columns = [column for table in tables for column in table.columns]
    fields = [field for table in tables for field in table.schema]
    joined = pa.table(columns, schema=pa.schema(fields)) if fields else None
    return {
        "files": [facts(path) for path in paths],
        "columns": [field.name for field in fields],
        "float32": [field.name for field in fields if field.type == pa.float32()],
        "rows": [] if joined is None else [plain(row) for row in joined.to_pylist()],
    }


print(json.dumps([answer(paths) for paths in json.loads(sys.argv[1])]))
