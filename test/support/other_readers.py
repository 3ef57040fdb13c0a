"""other_readers.py: Parquet files as DuckDB and Polars read them, beside what pyarrow has in an IPC stream.

One JSON request per line in ({"reader", "path", "ipc", "columns"}), one reply per line out: a list of the
columns that differ, or {"error": text}. The first line out is a list of the readers that are there.
"""

import importlib.util
import json
import sys

import pyarrow as pa
import pyarrow.ipc as ipc


def by_duckdb(path, columns):
    import duckdb

    names = ", ".join(f'"{name}"' for name in columns)
    result = duckdb.sql(f"SELECT {names} FROM read_parquet('{path}')").arrow()
    return result if isinstance(result, pa.Table) else result.read_all()


def by_polars(path, columns):
    import polars

    return polars.read_parquet(path, columns=columns).to_arrow()


READERS = {"duckdb": by_duckdb, "polars": by_polars}


def plain(value):
    """A value without its Arrow type: these readers have types of their own."""
    return value.tobytes() if isinstance(value, memoryview) else value


def differences(request):
    with pa.memory_map(request["ipc"]) as source:
        expected = ipc.open_stream(source).read_all()
    found = READERS[request["reader"]](request["path"], request["columns"])
    wrong = []
    for name in found.column_names:
        left = [plain(value) for value in found.column(name).to_pylist()]
        if left != expected.column(name).to_pylist():
            wrong.append(name)
    return wrong


def main():
    there = [name for name in READERS if importlib.util.find_spec(name) is not None]
    print(json.dumps(there), flush=True)
    for line in sys.stdin:
        try:
            reply = differences(json.loads(line))
        except Exception as error:  # a reader may not know an encoding: that is an answer, too
            reply = {"error": str(error)}
        print(json.dumps(reply), flush=True)


main()
