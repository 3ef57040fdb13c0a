"""Milvus's generated messages, asked from outside: one JSON request on stdin, one reply."""

import json
import sys
import types
from importlib.util import find_spec

# Only the generated modules: the package itself wants gRPC and pandas before it lets anybody in.
home = find_spec("pymilvus").submodule_search_locations[0]
for name, path in (("pymilvus", home), ("pymilvus.grpc_gen", home + "/grpc_gen")):
    module = types.ModuleType(name)
    module.__path__ = [path]
    sys.modules[name] = module

from google.protobuf import json_format  # noqa: E402
from pymilvus.grpc_gen import schema_pb2  # noqa: E402


def answer(case):
    """What Milvus's message makes of our bytes, and of our JSON."""
    kind = getattr(schema_pb2, case["message"])
    parsed = kind.FromString(bytes.fromhex(case["bytes"]))
    reply = {
        "again": parsed.SerializeToString().hex(),
        "json": json_format.MessageToDict(parsed, preserving_proto_field_name=True),
    }
    if "json" in case:
        made = json_format.ParseDict(case["json"], kind())
        reply["made"] = made.SerializeToString().hex()
    return reply


def numbers():
    """The fields of every message and the members of every enum, by their numbers."""
    file = schema_pb2.DESCRIPTOR
    messages = file.message_types_by_name.items()
    enums = file.enum_types_by_name.items()
    return {
        "messages": {name: {f.name: f.number for f in m.fields} for name, m in messages},
        "enums": {name: {v.name: v.number for v in e.values} for name, e in enums},
    }


request = json.load(sys.stdin)
json.dump([answer(case) for case in request] if request else numbers(), sys.stdout)
