"""pyarrow's half of write-probe.mjs: one JSON request a line in, one JSON answer a line out.

A request is {"groups": [[column, ...], ...], "dir": path}; ZSTD level 1, everything else as it comes.
"""

import json
import os
import sys
import time

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq


def main():
    table = ipc.open_file(pa.memory_map(sys.argv[1])).read_all()
    # The map's pages are the file's: copied, so that both peers start from memory of their own.
    table = ipc.open_stream(pa.BufferReader(stream_of(table))).read_all()
    print(json.dumps({"ready": True, "bytes": table.nbytes}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        paths = [os.path.join(request["dir"], f"{i}") for i in range(len(request["groups"]))]
        parts = [table.select(columns) for columns in request["groups"]]
        cpu, wall = time.process_time(), time.perf_counter()
        for path, part in zip(paths, parts):
            pq.write_table(part, path, compression="zstd", compression_level=1)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        size = sum(os.path.getsize(path) for path in paths)
        print(json.dumps({"seconds": wall, "cpu": cpu, "bytes": size}), flush=True)


def stream_of(table):
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


if __name__ == "__main__":
    main()
