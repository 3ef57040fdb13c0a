"""Manifests by fastavro: asked for one JSON array of requests, answers with one of replies.

{"read": hex}                        -> {"records": [...], "schema": {...}, "codec": "..."}
{"write": {...}, "schema": {...}, "codec": "...", "blocks": [[...], ...]?}  -> {"bytes": hex}
{"raw": [[schema, value], ...]}      -> {"bytes": hex}: values one after the other, no container
"""

import io
import json
import sys

import fastavro
from fastavro.write import Writer


def read(request):
    reader = fastavro.reader(io.BytesIO(bytes.fromhex(request["read"])))
    return {"records": list(reader), "schema": reader.writer_schema, "codec": reader.codec}


def write(request):
    out = io.BytesIO()
    schema = fastavro.parse_schema(request["schema"])
    writer = Writer(out, schema, request.get("codec", "null"), metadata=request.get("metadata"))
    for block in request["blocks"]:
        for record in block:
            writer.write(decoded(record))
        writer.dump()
    writer.flush()
    return {"bytes": out.getvalue().hex()}


def decoded(value):
    """JSON has no bytes: they come as {"hex": "..."}."""
    if isinstance(value, dict):
        if set(value) == {"hex"}:
            return bytes.fromhex(value["hex"])
        return {key: decoded(item) for key, item in value.items()}
    return [decoded(item) for item in value] if isinstance(value, list) else value


def raw(request):
    out = io.BytesIO()
    for schema, value in request["raw"]:
        fastavro.schemaless_writer(out, fastavro.parse_schema(schema), decoded(value))
    return {"bytes": out.getvalue().hex()}


def answer(request):
    for name, handler in (("read", read), ("blocks", write), ("raw", raw)):
        if name in request:
            return handler(request)
    raise ValueError(f"Expected read, blocks or raw but received {list(request)}")


print(json.dumps([answer(request) for request in json.load(sys.stdin)]))
