"""Which rows of Parquet files filters leave, by pyarrow.dataset: one JSON document in, one out.

Several paths are the column groups of one table; a key is that of an encrypted file.
"""

import json
import operator
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe

COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def scalar(value, kind):
    """Integers and floats come as text: JSON has neither 64 bits nor NaN."""
    if pa.types.is_integer(kind):
        return pa.scalar(int(value), kind)
    if pa.types.is_floating(kind):
        return pa.scalar(float(value), kind)
    return pa.scalar(value, kind)


def expression(node, schema):
    op = node["op"]
    if op in ("and", "or"):
        join = operator.and_ if op == "and" else operator.or_
        whole = expression(node["args"][0], schema)
        for arg in node["args"][1:]:
            whole = join(whole, expression(arg, schema))
        return whole
    if op == "not":
        return ~expression(node["arg"], schema)
    column = pc.field(node["column"])
    if op == "is null":
        return column.is_null()
    kind = schema.field(node["column"]).type
    if op == "in":
        # Not isin: that is false, and not null, for a null.
        equal = [column == scalar(value, kind) for value in node["values"]]
        whole = equal[0]
        for one in equal[1:]:
            whole = whole | one
        return whole
    return COMPARE[op](column, scalar(node["value"], kind))


def open_dataset(paths, key):
    if len(paths) == 1 and key is None:
        return ds.dataset(paths[0], format="parquet")
    keys = key and pe.create_decryption_properties(footer_key=bytes.fromhex(key))
    tables = [pq.read_table(path, decryption_properties=keys) for path in paths]
    columns = {name: table[name] for table in tables for name in table.column_names}
    return ds.dataset(pa.table(columns))


def main():
    request = json.load(sys.stdin)
    dataset = open_dataset(request["paths"], request.get("key"))
    column = request["column"]
    answers = []
    for node in request["filters"]:
        table = dataset.to_table(columns=[column], filter=expression(node, dataset.schema))
        answers.append(table.column(column).to_pylist())
    json.dump(answers, sys.stdout)


main()
