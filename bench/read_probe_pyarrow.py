"""The pyarrow side of read-probe.mjs: a command a line on standard input, a JSON line back.

prepare DIR DATASET COMPRESSION   write the data set as one Parquet file per group (ZSTD 1)
read OP PATH...                   time `read` (every column) or `proj` (columns of the manifest)
"""

import glob
import json
import os
import sys
import time

import pyarrow.ipc as ipc
import pyarrow.parquet as pq

DATA = sys.argv[1]
MANIFEST = json.load(open(os.path.join(DATA, "manifest.json")))


def prepare(directory, dataset):
    os.makedirs(directory, exist_ok=True)
    table = ipc.open_file(os.path.join(DATA, dataset + ".arrow")).read_all()
    for i, group in enumerate(MANIFEST[dataset]["groups"]):
        path = os.path.join(directory, f"part{i}.parquet")
        pq.write_table(table.select(group), path, compression="zstd", compression_level=1)
    return {}


def read(operation, directory, dataset):
    projected = set(MANIFEST[dataset]["proj"])
    cpu = time.process_time()
    start = time.perf_counter()
    tables = []
    for path in sorted(glob.glob(os.path.join(directory, "*.parquet"))):
        file = pq.ParquetFile(path)
        names = file.schema_arrow.names
        columns = names if operation == "read" else [c for c in names if c in projected]
        if columns:
            tables.append(file.read(columns=columns, use_threads=True))
    seconds = time.perf_counter() - start
    rows = tables[0].num_rows
    return {"seconds": seconds, "cpu": time.process_time() - cpu, "rows": rows}


for line in sys.stdin:
    command, *arguments = line.split()
    answer = prepare(*arguments) if command == "prepare" else read(*arguments)
    print(json.dumps(answer), flush=True)
