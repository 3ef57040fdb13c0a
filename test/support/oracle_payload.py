"""Payloads of StorageV1 as pyarrow makes and reads them: one Parquet file per field."""

import os

import pyarrow as pa
import pyarrow.parquet as pq

ROWS = 3000

# What writers of payloads were seen to choose, and what else a Parquet file may be.
VARIANTS = [
    {"compression": "zstd", "compression_level": 3},
    {"compression": "zstd", "use_dictionary": False},
    {"compression": "none", "use_dictionary": False, "write_statistics": False},
    {"compression": "snappy", "row_group_size": 700},
    {"compression": "gzip", "data_page_version": "2.0"},
    {"compression": "zstd", "data_page_size": 1024, "write_page_index": True},
]


def columns():
    """The values of every type; row i of a nullable one is null where i % 5 == 4."""
    rows = range(ROWS)

    def nullable(values):
        return [None if i % 5 == 4 else value for i, value in enumerate(values)]

    return {
        "bool": pa.array(nullable(i % 3 == 0 for i in rows), pa.bool_()),
        "int8": pa.array(nullable(i % 256 - 128 for i in rows), pa.int8()),
        "int16": pa.array((i - 1500 for i in rows), pa.int16()),
        "int32": pa.array(nullable(i * 65537 for i in rows), pa.int32()),
        "int64": pa.array((i - 2**63 for i in rows), pa.int64()),
        "float": pa.array(nullable(i / 4 for i in rows), pa.float32()),
        "double": pa.array((i / 3 for i in rows), pa.float64()),
        "utf8": pa.array(nullable(f"text {i} \N{OWL}" for i in rows), pa.utf8()),
        "binary": pa.array(nullable(b"%d" % i for i in rows), pa.binary()),
        "fixed": pa.array((i.to_bytes(8, "little") for i in rows), pa.binary(8)),
    }


def write_payloads(request):
    """One IPC stream of all columns, and every column as a payload, in two files per variant."""
    directory = request["directory"]
    table = pa.table(columns())
    ipc = os.path.join(directory, "expected.arrow")
    with pa.ipc.new_stream(ipc, table.schema) as writer:
        writer.write_table(table.combine_chunks())
    payloads = []
    for number, variant in enumerate(VARIANTS):
        options = {**variant}
        row_group_size = options.pop("row_group_size", None)
        cut = 400 * (number + 1)
        paths = {}
        for name in table.column_names:
            halves = [table.select([name]).slice(0, cut), table.select([name]).slice(cut)]
            paths[name] = []
            for half, part in enumerate(halves):
                path = os.path.join(directory, f"{number}-{name}-{half}")
                val = part.rename_columns(["val"])
                pq.write_table(val, path, row_group_size, store_schema=False, **options)
                paths[name].append({"path": path, "length": os.path.getsize(path)})
        payloads.append(paths)
    return {"ipc": ipc, "payloads": payloads}


def payload_facts(request):
    """What a payload of ours is to pyarrow, and its rows as an IPC stream beside it."""
    file = pq.ParquetFile(request["path"])
    group = file.metadata.row_group(0)
    chunks = [group.column(i) for i in range(group.num_columns)]
    table = file.read()
    with pa.ipc.new_stream(request["ipc"], table.schema) as writer:
        writer.write_table(table)
    return {
        "rowGroups": file.metadata.num_row_groups,
        "keys": sorted(key.decode() for key in (file.metadata.metadata or {})),
        "format": file.metadata.format_version,
        "types": [str(field.type) for field in table.schema],
        "nullable": [field.nullable for field in table.schema],
        "codecs": sorted({chunk.compression for chunk in chunks}),
        "dictionary": [chunk.has_dictionary_page for chunk in chunks],
        "statistics": all(chunk.is_stats_set for chunk in chunks),
    }


COMMANDS = {"writePayloads": write_payloads, "payloadFacts": payload_facts}
