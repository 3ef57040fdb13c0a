"""Column groups of several files as pyarrow reads them, and files that nobody of Milvus wrote."""

import pyarrow as pa
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

import oracle_compare


def read_groups(groups):
    """Windows of files one after the other, groups side by side."""
    tables = []
    for group in groups:
        parts = []
        for file in group["files"]:
            rows = pq.ParquetFile(file["path"]).read(columns=group["columns"])
            parts.append(rows.slice(file["start"], file["end"] - file["start"]))
        tables.append(pa.concat_tables(parts))
    fields = [field for table in tables for field in table.schema]
    columns = [column for table in tables for column in table.columns]
    return pa.table(columns, schema=pa.schema(fields))


def same_as_groups(request):
    """Differences between an IPC stream and columns of groups; with `rows` only these, in order."""
    expected = read_groups(request["groups"]).select(request["columns"])
    if "rows" in request:
        expected = expected.take(request["rows"])
    with pa.memory_map(request["ipc"]) as source:
        read = ipc.open_stream(source).read_all()
    return oracle_compare.table_differences(
        oracle_compare.as_stored(expected), oracle_compare.without_extensions(read)
    )


def write_foreign(request):
    """Parquet without a key or an id of Milvus: other pages, codecs, row groups, an Arrow schema."""
    first, rows = request["first"], request["rows"]
    numbers = range(first, first + rows)
    table = pa.table(
        {
            "id": pa.array(numbers, pa.int64()),
            "word": pa.array([None if i % 5 == 0 else f"word {i % 7}" for i in numbers]),
            "tags": pa.array([[f"t{j}" for j in range(i % 3)] for i in numbers]),
            "point": pa.array([{"x": i, "y": i / 2} for i in numbers]),
            "price": pa.array([i / 8 for i in numbers], pa.float32()),
        }
    )
    pq.write_table(
        table,
        request["path"],
        row_group_size=request["rowGroupRows"],
        compression=request["codec"],
        data_page_version=request["pages"],
        use_dictionary=["word", "tags.list.element"],
        write_page_index=True,
        write_page_checksum=True,
    )
    return pq.read_metadata(request["path"]).num_row_groups


COMMANDS = {"same_as_groups": same_as_groups, "write_foreign": write_foreign}
