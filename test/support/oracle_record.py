"""One record as bytes, as pyarrow reads and makes it."""

import os

import pyarrow as pa
import pyarrow.ipc as ipc

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


def read_record(request):
    """What the bytes at `path` are to pyarrow, and their record as a plain stream at `ipc`."""
    with open(request["path"], "rb") as file:
        data = file.read()
    framed = data.startswith(ZSTD_MAGIC)
    source = pa.BufferReader(data)
    if framed:
        source = pa.CompressedInputStream(source, "zstd")
    with ipc.open_stream(source) as reader:
        batches = list(reader)
        ids = [
            int((field.metadata or {}).get(b"PARQUET:field_id", b"-1")) for field in reader.schema
        ]
        with ipc.new_stream(request["ipc"], reader.schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
        nullable = [field.nullable for field in reader.schema]
    return {"framed": framed, "batches": len(batches), "ids": ids, "nullable": nullable}


def stream(batch, **options):
    sink = pa.BufferOutputStream()
    with ipc.new_stream(sink, batch.schema, options=ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(batch)
    return sink.getvalue()


def streamed_frame(data):
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(data)
    return sink.getvalue()


def write_records(request):
    """The record of the stream at `ipc` in every form; their paths."""
    with pa.memory_map(request["ipc"]) as source, ipc.open_stream(source) as reader:
        (batch,) = list(reader)
    plain = stream(batch)
    forms = {
        "plain": plain,
        "zstd-buffers": stream(batch, compression="zstd"),
        "lz4-buffers": stream(batch, compression=pa.Codec("lz4", 9)),
        "large-offsets": stream(batch, allow_64bit=True),
        "old-metadata": stream(batch, metadata_version=ipc.MetadataVersion.V4),
        "legacy": stream(batch, use_legacy_format=True),
        "frame": pa.Codec("zstd", 12).compress(plain),
        "streamed-frame": streamed_frame(plain),
        "frame-of-buffers": streamed_frame(stream(batch, compression="lz4")),
    }
    paths = {}
    for name, data in forms.items():
        paths[name] = os.path.join(request["directory"], name)
        with open(paths[name], "wb") as file:
            file.write(data)
    return paths


COMMANDS = {"readRecord": read_record, "writeRecords": write_records}
