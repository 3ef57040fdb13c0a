"""The pyarrow side of the interop tests: one JSON request per line in, one reply per line out.

Data travels as Arrow IPC stream files. A reply is {"ok": result} or {"error": text}.
"""

import json
import sys
import traceback

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

import oracle_codec
import oracle_compare
import oracle_encryption
import oracle_manifest
import oracle_payload
import oracle_quantized
import oracle_record
import oracle_s3
import oracle_segment
import oracle_types


def read_ipc(path):
    with pa.memory_map(path) as source:
        return ipc.open_stream(source).read_all()


def join_columns(paths):
    """The columns of several files as one table, in path order."""
    tables = [pq.ParquetFile(path).read() for path in paths]
    fields = [field for table in tables for field in table.schema]
    columns = [column for table in tables for column in table.columns]
    return pa.table(columns, schema=pa.schema(fields))


def key_order(path, keys):
    """Keys sorted by where their bytes stand in the footer; a key twice is listed twice."""
    with open(path, "rb") as file:
        data = file.read()
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") : -8]
    found = []
    for key in keys:
        # Thrift compact: the string is preceded by its length, which tells a key from a value.
        needle = bytes([len(key.encode())]) + key.encode()
        at = footer.find(needle)
        while at >= 0:
            found.append((at, key))
            at = footer.find(needle, at + 1)
    return [key for _, key in sorted(found)]


def chunk_facts(metadata, group, index):
    chunk = metadata.row_group(group).column(index)
    return {
        "column": chunk.path_in_schema,
        "physical": chunk.physical_type,
        "codec": chunk.compression,
        "encodings": sorted(chunk.encodings),
        "dictionary": chunk.has_dictionary_page,
        "statistics": chunk.is_stats_set,
        "pageIndex": chunk.has_column_index or chunk.has_offset_index,
    }


def facts(request):
    """Everything about a file that the format note fixes."""
    path = request["path"]
    file = pq.ParquetFile(path)
    metadata = file.metadata
    pairs = metadata.metadata or {}
    keys = [key.decode() for key in pairs]
    return {
        "keys": key_order(path, keys),
        "values": {key.decode(): value.decode() for key, value in pairs.items()},
        "formatVersion": metadata.format_version,
        "rows": [metadata.row_group(g).num_rows for g in range(metadata.num_row_groups)],
        "fields": [
            {
                "name": field.name,
                "id": (field.metadata or {}).get(b"PARQUET:field_id", b"").decode(),
                "nullable": field.nullable,
                "metadataKeys": sorted(key.decode() for key in field.metadata or {}),
            }
            for field in file.schema_arrow
        ],
        "chunks": [
            [chunk_facts(metadata, g, c) for c in range(metadata.num_columns)]
            for g in range(metadata.num_row_groups)
        ],
    }


def footers(request):
    """Rows, columns and the bytes of the footer with its length and magic, of several files."""
    files = [pq.ParquetFile(path).metadata for path in request["paths"]]
    return [
        {
            "rows": file.num_rows,
            "columns": file.schema.to_arrow_schema().names,
            "footerBytes": file.serialized_size + 8,
        }
        for file in files
    ]


def same_files(request):
    """Differences between the columns of two sets of Parquet files (in path order)."""
    left = join_columns(request["left"])
    right = join_columns(request["right"])
    return oracle_compare.table_differences(left, right, check_nullable=True)


def same_as_ipc(request):
    """Differences between Parquet files and a slice of an IPC stream, types as Parquet has them."""
    original = read_ipc(request["ipc"])
    original = original.slice(request["offset"], request["rows"])
    stored = join_columns(request["paths"])
    return oracle_compare.table_differences(
        oracle_compare.as_stored(original).select(stored.column_names), stored
    )


def same_ipc(request):
    """Differences between two IPC streams, extension types down to their storage."""
    return oracle_compare.table_differences(
        oracle_compare.without_extensions(read_ipc(request["left"])),
        oracle_compare.without_extensions(read_ipc(request["right"])),
    )


def write_types(request):
    return oracle_types.write_all(request["directory"])


COMMANDS = {
    "facts": facts,
    "footers": footers,
    "sameFiles": same_files,
    "sameAsIpc": same_as_ipc,
    "sameIpc": same_ipc,
    "writeTypes": write_types,
    **oracle_codec.COMMANDS,
    **oracle_encryption.COMMANDS,
    **oracle_manifest.COMMANDS,
    **oracle_payload.COMMANDS,
    **oracle_quantized.COMMANDS,
    **oracle_record.COMMANDS,
    **oracle_s3.COMMANDS,
    **oracle_segment.COMMANDS,
    "version": lambda request: pa.__version__,
}


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            reply = {"ok": COMMANDS[request["command"]](request)}
        except Exception:
            reply = {"error": traceback.format_exc()}
        print(json.dumps(reply), flush=True)


if __name__ == "__main__":
    main()
