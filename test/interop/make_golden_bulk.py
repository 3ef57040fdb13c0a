"""Makes test/golden/bulk with pymilvus's own bulk writer (pip install 'pymilvus[bulk-writer]').

Run by hand; the files it made are kept, since the writer needs pandas, numpy and more. Made by
pymilvus 3.0.2 with pyarrow 26.0.1.
"""

import json
import pathlib
import shutil
import tempfile

import ml_dtypes
import numpy as np
from pymilvus import CollectionSchema, DataType, FieldSchema, StructFieldSchema
from pymilvus.bulk_writer import BulkFileType, LocalBulkWriter

ROWS = 12
DIM = 8
HERE = pathlib.Path(__file__).resolve().parent.parent / "golden" / "bulk"


def schema():
    part = StructFieldSchema()
    part.name = "parts"
    part.max_capacity = 4
    part.add_field("page", DataType.INT32)
    part.add_field("word", DataType.VARCHAR, max_length=20)
    part.add_field("point", DataType.FLOAT_VECTOR, dim=2)
    fields = [
        FieldSchema("id", DataType.INT64, is_primary=True),
        FieldSchema("flag", DataType.BOOL),
        FieldSchema("tiny", DataType.INT8),
        FieldSchema("small", DataType.INT16),
        FieldSchema("number", DataType.INT32, nullable=True),
        FieldSchema("single", DataType.FLOAT),
        FieldSchema("double", DataType.DOUBLE),
        FieldSchema("title", DataType.VARCHAR, max_length=100, nullable=True),
        FieldSchema("document", DataType.JSON),
        FieldSchema(
            "longs", DataType.ARRAY, element_type=DataType.INT64, max_capacity=5
        ),
        FieldSchema(
            "words",
            DataType.ARRAY,
            element_type=DataType.VARCHAR,
            max_capacity=5,
            max_length=20,
        ),
        FieldSchema("vector", DataType.FLOAT_VECTOR, dim=DIM),
        FieldSchema("bits", DataType.BINARY_VECTOR, dim=DIM),
        FieldSchema("half", DataType.FLOAT16_VECTOR, dim=DIM),
        FieldSchema("brain", DataType.BFLOAT16_VECTOR, dim=DIM),
        FieldSchema("bytes", DataType.INT8_VECTOR, dim=DIM),
        FieldSchema("sparse", DataType.SPARSE_FLOAT_VECTOR),
    ]
    return CollectionSchema(fields, struct_fields=[part], enable_dynamic_field=True)


def row(i):
    return {
        "id": 2**53 + 1 + i,
        "flag": i % 2 == 0,
        "tiny": i - 6,
        "small": 300 * i,
        "number": None if i % 3 == 1 else i * 1000,
        "single": i / 4,
        "double": i / 3,
        "title": None if i % 4 == 3 else f"title {i} ü",
        "document": {"a": i, "b": [1, 2]},
        "longs": list(range(i % 4)),
        "words": [f"w{j}" for j in range(i % 3)],
        "vector": [i + j / 8 for j in range(DIM)],
        "bits": [(i >> (j % 4)) & 1 for j in range(DIM)],
        "half": np.array([i + j / 8 for j in range(DIM)], dtype=np.float16),
        "brain": np.array([i + j for j in range(DIM)], dtype=ml_dtypes.bfloat16),
        "bytes": np.array([i - j for j in range(DIM)], dtype=np.int8),
        "sparse": {i: 0.5, i + 100: 1.25},
        "parts": [
            {"page": i * 10 + j, "word": f"p{j}", "point": [float(i), float(j)]}
            for j in range(i % 3)
        ],
        "extra": f"dynamic {i}",
    }


def plain(value):
    if isinstance(value, np.ndarray):
        kind = np.float32 if value.dtype != np.int8 else np.int8
        return [x.item() for x in value.astype(kind)]
    return value


def main():
    # The writer changes the rows that it is given.
    expected = [{k: plain(v) for k, v in row(i).items()} for i in range(ROWS)]
    with tempfile.TemporaryDirectory() as folder:
        writer = LocalBulkWriter(
            schema=schema(), local_path=folder, file_type=BulkFileType.PARQUET
        )
        for i in range(ROWS):
            writer.append_row(row(i))
        writer.commit()
        [[made]] = writer.batch_files
        shutil.copy(made, HERE / "rows.parquet")
    lines = ",\n".join(json.dumps(r, ensure_ascii=False) for r in expected)
    (HERE / "rows.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
