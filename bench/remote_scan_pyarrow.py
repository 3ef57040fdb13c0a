"""pyarrow's half of remote-scan.mjs: {"port", "paths", "how"} in, {"ms", "rows"} out."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow.fs
import pyarrow.parquet as pq

BATCH_ROWS = 8192


def connect(port):
    return pyarrow.fs.S3FileSystem(
        access_key=sys.argv[1],
        secret_key=sys.argv[2],
        endpoint_override=f"127.0.0.1:{port}",
        scheme="http",
        region="us-east-1",
    )


def read_batches(fs, paths):
    """Row by row over all groups, as a reader of column groups has to; footers side by side."""
    with ThreadPoolExecutor(len(paths)) as pool:
        files = list(pool.map(lambda path: pq.ParquetFile(fs.open_input_file(path), pre_buffer=True), paths))
    readers = [file.iter_batches(BATCH_ROWS, use_threads=True) for file in files]
    return sum(batches[0].num_rows for batches in zip(*readers))


def read_tables(fs, paths):
    """Every group as a whole, side by side, in memory."""
    with ThreadPoolExecutor(len(paths)) as pool:
        tables = list(pool.map(lambda path: pq.read_table(path, filesystem=fs), paths))
    return tables[0].num_rows


def main():
    filesystems = {}
    for line in sys.stdin:
        request = json.loads(line)
        fs = filesystems.setdefault(request["port"], connect(request["port"]))
        start = time.perf_counter()
        read = read_batches if request["how"] == "batches" else read_tables
        rows = read(fs, request["paths"])
        print(json.dumps({"ms": 1000 * (time.perf_counter() - start), "rows": rows}), flush=True)


if __name__ == "__main__":
    main()
