"""pyarrow's own S3 client: the other reader and writer of objects."""

import hashlib

import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq

import oracle_compare


def bucket_of(request):
    """The filesystem below the bucket of a request, whose paths are keys."""
    storage = request["storage"]
    s3 = pa.fs.S3FileSystem(
        access_key=storage["accessKeyId"],
        secret_key=storage["secretAccessKey"],
        endpoint_override=storage["address"],
        region=storage["region"],
        scheme="http",
    )
    return pa.fs.SubTreeFileSystem(storage["bucketName"], s3)


def s3_digests(request):
    """SHA-256 of whole objects."""
    bucket = bucket_of(request)
    digests = []
    for key in request["keys"]:
        with bucket.open_input_stream(key) as stream:
            digests.append(hashlib.sha256(stream.read()).hexdigest())
    return digests


def s3_same_files(request):
    """Differences between the columns of objects and those of files, one against one."""
    bucket = bucket_of(request)
    return [
        difference
        for key, path in zip(request["keys"], request["files"], strict=True)
        for difference in oracle_compare.table_differences(
            pq.read_table(key, filesystem=bucket), pq.ParquetFile(path).read()
        )
    ]


def s3_write(request):
    """Write rows whose values follow from their number; returns the size of the object."""
    bucket = bucket_of(request)
    rows = request["rows"]
    width = 512
    table = pa.table(
        {
            "id": pa.array(range(rows), pa.int64()),
            "title": pa.array([None if i % 3 == 2 else f"title {i}" for i in range(rows)]),
            "vector": pa.array(
                [bytes((i + j) % 256 for j in range(width)) for i in range(rows)],
                pa.binary(width),
            ),
        }
    )
    # Without either, the larger ones take several parts.
    plain = {"compression": "NONE", "use_dictionary": False}
    pq.write_table(table, request["key"], filesystem=bucket, **plain)
    return bucket.get_file_info(request["key"]).size


COMMANDS = {"s3Digests": s3_digests, "s3SameFiles": s3_same_files, "s3Write": s3_write}
