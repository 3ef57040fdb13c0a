"""pyarrow's half of first-numbers.mjs: {"do": "write" | "read"} in, {"wall", "cpu"} seconds out."""

import json
import os
import sys
import time

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

GROUPS = {"0": ["pk", "text"], "102": ["embedding"]}
BATCH_ROWS = 8192
ROW_GROUP_BYTES = 1 << 20


def load(path):
    with open(path, "rb") as file:
        return ipc.open_stream(file.read()).read_all()


def rows_per_group(table):
    """As many rows as make a row group of 1 MiB, as in a packed file."""
    return -(-ROW_GROUP_BYTES * table.num_rows // table.nbytes)


def write(tables, home, variant):
    for name, table in tables.items():
        vectors = name != "0"
        pq.write_table(
            table,
            os.path.join(home, f"pyarrow-{name}"),
            row_group_size=rows_per_group(table),
            compression="none" if vectors and variant == "uncompressed" else "zstd",
            compression_level=None if vectors and variant == "uncompressed" else 3,
            use_dictionary=not vectors,
            write_statistics=not vectors,
            store_schema=False,
        )


def remove_files(home):
    for name in GROUPS:
        path = os.path.join(home, f"pyarrow-{name}")
        if os.path.exists(path):
            os.remove(path)


def read(home):
    files = [pq.ParquetFile(os.path.join(home, f"pyarrow-{name}")) for name in GROUPS]
    readers = [file.iter_batches(BATCH_ROWS, use_threads=True) for file in files]
    return sum(batches[0].num_rows for batches in zip(*readers))


def main():
    table = load(sys.argv[1])
    home = sys.argv[2]
    tables = {name: table.select(columns) for name, columns in GROUPS.items()}
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "write":
            remove_files(home)
        start = time.perf_counter()
        used = time.process_time()
        if request["do"] == "write":
            write(tables, home, request["variant"])
        elif read(home) != table.num_rows:
            raise ValueError("rows are missing")
        seconds = {"wall": time.perf_counter() - start, "cpu": time.process_time() - used}
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
