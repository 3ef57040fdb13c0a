"""Exact comparison of tables: types, nulls and bits (NaN payloads and -0.0 included)."""

import struct

import pyarrow as pa
import pyarrow.types as t

# Value types of FixedSizeList that a packed file holds as one FixedSizeBinary per vector.
VECTOR_FORMATS = {pa.float32(): "f", pa.float16(): "e", pa.int8(): "b"}
FLOAT_BITS = {pa.float16(): pa.int16(), pa.float32(): pa.int32(), pa.float64(): pa.int64()}


def stored_type(type):
    """What Parquet makes of a type when no Arrow schema is stored beside it."""
    if t.is_dictionary(type):
        return stored_type(type.value_type)
    if t.is_large_string(type) or t.is_string_view(type):
        return pa.string()
    if t.is_large_binary(type) or t.is_binary_view(type):
        return pa.binary()
    if t.is_date64(type):
        return pa.date32()
    if t.is_duration(type):
        return pa.int64()
    if t.is_time32(type):
        return pa.time32("ms")
    if t.is_timestamp(type):
        unit = "ms" if type.unit == "s" else type.unit
        return pa.timestamp(unit, "UTC" if type.tz else None)
    if t.is_decimal32(type) or t.is_decimal64(type) or t.is_decimal256(type):
        wide = pa.decimal256 if type.precision > 38 else pa.decimal128
        return wide(type.precision, type.scale)
    if t.is_map(type):
        return pa.map_(stored_type(type.key_type), stored_field(type.item_field))
    if t.is_fixed_size_list(type) or t.is_list(type) or t.is_large_list(type):
        return pa.list_(stored_field(type.value_field))
    if t.is_struct(type):
        return pa.struct([stored_field(type.field(i)) for i in range(type.num_fields)])
    return type


def stored_field(field):
    return field.with_type(stored_type(field.type)).remove_metadata()


def is_vector(type):
    return t.is_fixed_size_list(type) and type.value_type in VECTOR_FORMATS


def pack_vectors(column):
    type = column.type
    form = f"<{type.list_size}{VECTOR_FORMATS[type.value_type]}"
    values = [None if v is None else struct.pack(form, *v) for v in column.to_pylist()]
    return pa.array(values, pa.binary(struct.calcsize(form)))


def as_stored(table):
    table = without_extensions(table)
    columns = {}
    for field, column in zip(table.schema, table.columns):
        if is_vector(field.type):
            columns[field.name] = pack_vectors(column)
        else:
            columns[field.name] = column.cast(stored_type(field.type))
    return pa.table(columns)


def without_extensions(table):
    fields = []
    columns = []
    for field, column in zip(table.schema, table.columns):
        if isinstance(field.type, pa.BaseExtensionType):
            column = pa.chunked_array(
                [chunk.storage for chunk in column.chunks], field.type.storage_type
            )
            field = field.with_type(field.type.storage_type)
        fields.append(field.remove_metadata())
        columns.append(column)
    return pa.table(columns, schema=pa.schema(fields))


def map_as_list(array):
    array = pa.concat_arrays([array, array.slice(0, 0)])  # from_arrays takes no offset
    entries = pa.StructArray.from_arrays([array.keys, array.items], ["key", "value"])
    return pa.ListArray.from_arrays(array.offsets, entries, mask=array.is_null())


def same_values(left, right):
    if len(left) != len(right) or left.null_count != right.null_count:
        return False
    if left.type in FLOAT_BITS:
        bits = FLOAT_BITS[left.type]
        return left.view(bits).equals(right.view(bits))
    if t.is_map(left.type):
        return same_values(map_as_list(left), map_as_list(right))
    if t.is_struct(left.type):
        if not left.is_null().equals(right.is_null()):
            return False
        return all(same_values(a, b) for a, b in zip(left.flatten(), right.flatten()))
    if t.is_list(left.type) or t.is_large_list(left.type) or t.is_fixed_size_list(left.type):
        if not left.value_lengths().equals(right.value_lengths()):
            return False
        return same_values(left.flatten(), right.flatten())
    return left.equals(right)


def one_array(column):
    if column.num_chunks == 0:
        return pa.array([], column.type)
    # combine_chunks keeps the offset of a single chunk, which flatten() honours.
    return pa.concat_arrays(column.chunks)


def same_type(left, right):
    """Equal but for the names of list and map children, which each format fixes for itself."""
    if t.is_map(left) and t.is_map(right):
        return same_type(left.key_type, right.key_type) and same_type(
            left.item_type, right.item_type
        )
    for is_kind in (t.is_list, t.is_large_list):
        if is_kind(left) and is_kind(right):
            return same_type(left.value_type, right.value_type)
    if t.is_fixed_size_list(left) and t.is_fixed_size_list(right):
        same_size = left.list_size == right.list_size
        return same_size and same_type(left.value_type, right.value_type)
    if t.is_struct(left) and t.is_struct(right):
        return [f.name for f in left] == [f.name for f in right] and all(
            same_type(a.type, b.type) for a, b in zip(left, right)
        )
    return left == right


def table_differences(left, right, check_nullable=False):
    if left.column_names != right.column_names:
        return [f"columns {left.column_names} became {right.column_names}"]
    if left.num_rows != right.num_rows:
        return [f"{left.num_rows} rows became {right.num_rows}"]
    differences = []
    for a, b in zip(left.schema, right.schema):
        if not same_type(a.type, b.type):
            differences.append(f"{a.name}: type {a.type} became {b.type}")
        elif check_nullable and a.nullable != b.nullable:
            differences.append(f"{a.name}: nullable {a.nullable} became {b.nullable}")
        elif not same_values(one_array(left[a.name]), one_array(right[b.name])):
            differences.append(f"{a.name}: values of {a.type} differ")
    return differences
