"""One IPC stream per Arrow type that pyarrow's IPC writer offers, each with nulls in it."""

import datetime
import decimal
import json
import os
import uuid

import pyarrow as pa
import pyarrow.ipc as ipc

WORDS = ["", "alpha", None, "数据 and more than twelve bytes", "é🙂"]
BYTES = [None if word is None else word.encode() for word in WORDS]
DAY = datetime.date(2024, 2, 29)
NEGATIVE_DAY = datetime.date(1931, 5, 7)


def integers(type, bits, signed):
    low = -(1 << (bits - 1)) if signed else 0
    high = (1 << (bits - 1 if signed else bits)) - 1
    return pa.array([0, low, None, high, 1], type)


def numbers():
    for bits in (8, 16, 32, 64):
        yield f"int{bits}", integers(getattr(pa, f"int{bits}")(), bits, True)
        yield f"uint{bits}", integers(getattr(pa, f"uint{bits}")(), bits, False)
    special = [0.5, -0.0, None, float("inf"), float("nan")]
    for bits in (16, 32, 64):
        yield f"float{bits}", pa.array(special, getattr(pa, f"float{bits}")())
    digits = [decimal.Decimal(text) for text in ("1.23", "-99999.99", "0.00", "7.10")]
    values = [digits[0], digits[1], None, digits[2], digits[3]]
    yield "decimal32", pa.array(values, pa.decimal32(7, 2))
    yield "decimal64", pa.array(values, pa.decimal64(16, 2))
    yield "decimal128", pa.array(values, pa.decimal128(30, 2))
    yield "decimal256", pa.array(values, pa.decimal256(60, 2))


def times():
    days = [DAY, NEGATIVE_DAY, None, datetime.date(1970, 1, 1), DAY]
    yield "date32", pa.array(days, pa.date32())
    yield "date64", pa.array(days, pa.date64())
    for unit, per_second in (("s", 1), ("ms", 1000), ("us", 10**6), ("ns", 10**9)):
        make = pa.time32 if unit in ("s", "ms") else pa.time64
        clock = [0, 86399 * per_second, None, 3661 * per_second + per_second // 3, 1]
        yield f"time[{unit}]", pa.array(clock, make(unit))
        stamps = [0, -(per_second * 86400 * 40000), None, per_second * 1700000000 + 1, 1]
        yield f"timestamp[{unit}]", pa.array(stamps, pa.timestamp(unit))
        yield f"timestamp[{unit}, UTC]", pa.array(stamps, pa.timestamp(unit, "UTC"))
        yield f"timestamp[{unit}, Berlin]", pa.array(stamps, pa.timestamp(unit, "Europe/Berlin"))
        yield f"duration[{unit}]", pa.array(stamps, pa.duration(unit))
    spans = [pa.MonthDayNano([1, 2, 3]), None, pa.MonthDayNano([-1, 0, 10**15])]
    yield "month_day_nano_interval", pa.array(spans, pa.month_day_nano_interval())


def bytes_and_text():
    yield "binary", pa.array(BYTES, pa.binary())
    yield "large_binary", pa.array(BYTES, pa.large_binary())
    yield "binary_view", pa.array(BYTES, pa.binary_view())
    yield "string", pa.array(WORDS, pa.string())
    yield "large_string", pa.array(WORDS, pa.large_string())
    yield "string_view", pa.array(WORDS, pa.string_view())
    yield "fixed_size_binary", pa.array([b"abc", None, b"\0\1\2"], pa.binary(3))


def nested():
    lists = [[1, 2, None], [], None, [3], [4, 5]]
    yield "list", pa.array(lists, pa.list_(pa.int32()))
    yield "list<string>", pa.array([["a", None], [], None, ["数据"]], pa.list_(pa.string()))
    yield "list<list>", pa.array([[[1], [], None], None, [[2, 3]]], pa.list_(pa.list_(pa.int64())))
    yield "large_list", pa.array(lists, pa.large_list(pa.int32()))
    yield "list_view", pa.array(lists, pa.list_view(pa.int32()))
    yield "large_list_view", pa.array(lists, pa.large_list_view(pa.int32()))
    pairs = [[1, 2], None, [3, 4]]
    yield "fixed_size_list<int32>", pa.array(pairs, pa.list_(pa.int32(), 2))
    vectors = [[0.5, -1.25], None, [3.0, 4.0]]
    yield "fixed_size_list<float32>", pa.array(vectors, pa.list_(pa.float32(), 2))
    yield "fixed_size_list<float16>", pa.array(vectors, pa.list_(pa.float16(), 2))
    yield "fixed_size_list<int8>", pa.array(pairs, pa.list_(pa.int8(), 2))
    record = pa.struct([("x", pa.int64()), ("y", pa.string())])
    records = [{"x": 1, "y": "a"}, None, {"x": None, "y": ""}]
    yield "struct", pa.array(records, record)
    yield "list<struct>", pa.array([records, [], None], pa.list_(record))
    yield "map", pa.array([[("a", 1), ("b", None)], None, []], pa.map_(pa.string(), pa.int32()))


def indirect():
    for index in (pa.int8(), pa.uint8(), pa.int16(), pa.int32(), pa.int64()):
        words = pa.array(["a", "b", None, "a"], pa.string())
        yield f"dictionary<{index}, string>", words.dictionary_encode().cast(
            pa.dictionary(index, pa.string())
        )
    whole = pa.array([10, None, 10, -7], pa.int64())
    yield "dictionary<int32, int64>", whole.dictionary_encode()
    blobs = pa.array([b"x", None, b"yy"], pa.binary())
    yield "dictionary<int32, binary>", blobs.dictionary_encode()
    yield "run_end_encoded", pa.RunEndEncodedArray.from_arrays(
        pa.array([2, 3, 5], pa.int32()), pa.array(["a", None, "b"])
    )
    ids = pa.array([0, 1, 0], pa.int8())
    whole, words = pa.array([1, None, 3]), pa.array(["a", "b", "c"])
    yield "sparse_union", pa.UnionArray.from_sparse(ids, [whole, words])
    offsets = pa.array([0, 0, 1], pa.int32())
    yield "dense_union", pa.UnionArray.from_dense(ids, offsets, [whole, words])


def extensions():
    ids = [uuid.UUID(int=7).bytes, None, uuid.UUID(int=1 << 100).bytes]
    yield "extension uuid", pa.ExtensionArray.from_storage(pa.uuid(), pa.array(ids, pa.binary(16)))
    texts = pa.array([json.dumps({"a": 1}), None, "[]"], pa.string())
    yield "extension json", pa.ExtensionArray.from_storage(pa.json_(pa.string()), texts)
    flags = pa.array([0, None, 1], pa.int8())
    yield "extension bool8", pa.ExtensionArray.from_storage(pa.bool8(), flags)
    tensor = pa.fixed_shape_tensor(pa.float32(), [2, 2])
    cells = pa.array([[1, 2, 3, 4], None, [5, 6, 7, 8]], tensor.storage_type)
    yield "extension fixed_shape_tensor", pa.ExtensionArray.from_storage(tensor, cells)
    opaque = pa.opaque(pa.binary(), "thing", "vendor")
    blobs = pa.array([b"x", None, b""], pa.binary())
    yield "extension opaque", pa.ExtensionArray.from_storage(opaque, blobs)


def samples():
    yield "null", pa.nulls(4)
    yield "bool", pa.array([True, None, False, True])
    for make in (numbers, times, bytes_and_text, nested, indirect, extensions):
        yield from make()


def type_ids(type):
    yield type.id
    for i in range(type.num_fields):
        yield from type_ids(type.field(i).type)


def write_all(directory):
    """Write every sample; say which type ids of this pyarrow no sample shows."""
    written = []
    seen = set()
    for number, (name, array) in enumerate(samples()):
        path = os.path.join(directory, f"{number}.arrows")
        table = pa.table({"value": array})
        with ipc.new_stream(path, table.schema) as writer:
            writer.write_table(table)
        seen.update(type_ids(array.type))
        written.append({"name": name, "path": path, "rows": len(array)})
    every = {key: getattr(pa.lib, key) for key in dir(pa.lib) if key.startswith("Type_")}
    unseen = sorted(key for key, value in every.items() if value not in seen)
    return {"samples": written, "unseen": unseen}
