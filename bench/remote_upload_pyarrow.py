"""pyarrow's half of remote-upload.mjs: {"how", "paths", "locals"} in, {"ms", "bytes"} out."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

ROW_GROUP_BYTES = 1 << 20


def connect(port):
    return pyarrow.fs.S3FileSystem(
        access_key=sys.argv[1],
        secret_key=sys.argv[2],
        endpoint_override=f"127.0.0.1:{port}",
        scheme="http",
        region="us-east-1",
    )


def write_bytes(fs, path, local):
    with fs.open_output_stream(path) as stream:
        stream.write(local["bytes"])


def write_parquet(fs, path, local):
    """With the codecs, encodings and row groups of arrow-packed."""
    table = local["table"]
    vectors = any(pa.types.is_fixed_size_binary(field.type) for field in table.schema)
    rows = max(1, ROW_GROUP_BYTES * table.num_rows // table.nbytes)
    pq.write_table(
        table,
        path,
        filesystem=fs,
        row_group_size=rows,
        compression="none" if vectors else "zstd",
        compression_level=None if vectors else 3,
        use_dictionary=not vectors,
        write_statistics=not vectors,
    )


def main():
    fs = connect(sys.argv[3])
    loaded = {}
    for line in sys.stdin:
        request = json.loads(line)
        for path in request["locals"]:
            if path not in loaded:
                with open(path, "rb") as file:
                    content = pa.py_buffer(file.read())
                loaded[path] = {"bytes": content, "table": pq.read_table(pa.BufferReader(content))}
        write = write_bytes if request["how"] == "bytes" else write_parquet
        start = time.perf_counter()
        with ThreadPoolExecutor(len(request["paths"])) as pool:
            locals_ = [loaded[path] for path in request["locals"]]
            list(pool.map(lambda pair: write(fs, *pair), zip(request["paths"], locals_)))
        ms = 1000 * (time.perf_counter() - start)
        sizes = [fs.get_file_info(path).size for path in request["paths"]]
        print(json.dumps({"ms": ms, "bytes": sum(sizes)}), flush=True)


if __name__ == "__main__":
    main()
