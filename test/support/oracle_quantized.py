"""Vectors of codes, decoded by what the footer says, with pyarrow's own arithmetic."""

import hashlib
import json

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

KEY = b"arrow-packed.quantization"
ID = b"PARQUET:field_id"


def column_of(paths, field_id):
    """The column of that field id, as one array, from whichever file has it."""
    for path in paths:
        file = pq.ParquetFile(path)
        for field in file.schema_arrow:
            if int(field.metadata[ID]) == field_id:
                chunks = file.read(columns=[field.name]).column(0).chunks
                return pa.concat_arrays(chunks) if chunks else pa.array([], field.type)
    raise LookupError(f"no column of id {field_id}")


def scales_of(field, rows, paths):
    if field["scale"] == "segment":
        return pa.scalar(field["scaleValue"], pa.float32())
    scales = pc.fill_null(column_of(paths, field["scaleFieldId"]), 0)
    assert scales.type == pa.float32()
    return pc.take(scales, pa.array([row for row in range(rows) for _ in range(field["dim"])]))


def dequantize(request):
    """Of every field of codes: its description, and a digest of the vectors that are no nulls."""
    paths = request["paths"]
    answers = []
    for field in json.loads(pq.ParquetFile(paths[0]).metadata.metadata[KEY])["fields"]:
        codes, dim = column_of(paths, field["fieldId"]), field["dim"]
        assert codes.type == pa.binary(dim), codes.type
        flat = b"".join(code or bytes(dim) for code in codes.to_pylist())
        numbers = pa.Array.from_buffers(pa.int8(), len(flat), [None, pa.py_buffer(flat)])
        values = pc.multiply(numbers.cast(pa.float32()), scales_of(field, len(codes), paths))
        assert values.type == pa.float32()
        memory = values.buffers()[1].to_pybytes()
        width = 4 * dim
        rows = [memory[i * width : (i + 1) * width] for i in range(len(codes)) if codes[i].is_valid]
        digest = hashlib.sha256(b"".join(rows)).hexdigest()
        answers.append({"field": field, "rows": len(rows), "sha256": digest})
    return answers


def dequantize_by_numpy(request):
    """The same with numpy's arithmetic; None where it is not installed."""
    try:
        import numpy as np
    except ImportError:
        return None
    paths = request["paths"]
    answers = []
    for field in json.loads(pq.ParquetFile(paths[0]).metadata.metadata[KEY])["fields"]:
        column, dim = column_of(paths, field["fieldId"]), field["dim"]
        there = np.array([code is not None for code in column.to_pylist()])
        memory = np.frombuffer(b"".join(code or bytes(dim) for code in column.to_pylist()), np.int8)
        codes = memory.reshape(-1, dim).astype(np.float32)
        if field["scale"] == "segment":
            scales = np.full((len(codes), 1), np.float32(field["scaleValue"]), np.float32)
        else:
            numbers = pc.fill_null(column_of(paths, field["scaleFieldId"]), 0)
            scales = numbers.to_numpy(zero_copy_only=False).reshape(-1, 1)
        values = (codes * scales)[there]
        assert values.dtype == np.float32
        digest = hashlib.sha256(values.tobytes()).hexdigest()
        answers.append({"field": field, "rows": len(values), "sha256": digest})
    return answers


COMMANDS = {"dequantize": dequantize, "dequantizeByNumpy": dequantize_by_numpy}
