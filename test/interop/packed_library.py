"""The functions of libpacked.so for Python programs with pyarrow, by ctypes."""

import ctypes
import os

import pyarrow as pa

OK, INVALID_ARGUMENT, INVALID_SCHEMA = 0, 1, 2
NOT_FOUND, ALREADY_EXISTS, METADATA_CORRUPTED, CLOSED = 7, 8, 12, 15
TIMEOUT, NETWORK = 21, 23

FIELD_ID = b"PARQUET:field_id"


class CStatus(ctypes.Structure):
    _fields_ = [("error_code", ctypes.c_int32), ("error_msg", ctypes.c_char_p)]


class ArrowStruct(ctypes.Structure):
    """Room for an ArrowSchema (9 words) or an ArrowArray (10 words)."""

    _fields_ = [("words", ctypes.c_int64 * 10)]

    def address(self):
        return ctypes.addressof(self)


def schema_released(struct):
    return struct.words[7] == 0


def array_released(struct):
    return struct.words[8] == 0


class CStorageConfig(ctypes.Structure):
    _fields_ = [
        *(
            (name, ctypes.c_char_p)
            for name in (
                "storage_type address bucket_name access_key_id access_key_value root_path "
                "cloud_provider iam_endpoint log_level region ssl_ca_cert role_arn session_name "
                "external_id tls_min_version gcp_credential_json"
            ).split()
        ),
        ("use_ssl", ctypes.c_int32),
        ("use_iam", ctypes.c_int32),
        ("use_virtual_host", ctypes.c_int32),
        ("load_frequency_s", ctypes.c_int32),
        ("request_timeout_ms", ctypes.c_int64),
        ("max_connections", ctypes.c_uint32),
        ("multipart_part_bytes", ctypes.c_int64),
        ("session_token", ctypes.c_char_p),
        ("retry_timeout_ms", ctypes.c_int64),
        ("upload_bytes_in_flight", ctypes.c_int64),
    ]


class CColumnGroups(ctypes.Structure):
    _fields_ = [
        ("num_groups", ctypes.c_int64),
        ("ids", ctypes.POINTER(ctypes.c_int64)),
        ("offsets", ctypes.POINTER(ctypes.c_int64)),
        ("columns", ctypes.POINTER(ctypes.c_int32)),
    ]


class PackedError(Exception):
    def __init__(self, code, message):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Library:
    """The functions, with statuses turned into exceptions."""

    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        pointer, int64 = ctypes.c_void_p, ctypes.c_int64
        paths = ctypes.POINTER(ctypes.c_char_p)
        arguments = {
            "NewPackedWriter": [pointer, int64, paths, int64, int64, pointer, pointer],
            "NewPackedWriterWithStorageConfig": [
                pointer, int64, paths, int64, int64, pointer, pointer, pointer,
            ],
            "NewPackedWriterWithUploader": [
                pointer, int64, paths, int64, int64, pointer, pointer, pointer, pointer,
            ],
            "WriteRecordBatch": [pointer, pointer, pointer],
            "CloseWriter": [pointer],
            "NewPackedReader": [paths, int64, pointer, int64, pointer],
            "NewPackedReaderWithStorageConfig": [paths, int64, pointer, int64, pointer, pointer],
            "ReadNext": [pointer, pointer, pointer],
            "CloseReader": [pointer],
        }  # fmt: skip
        for name, types in arguments.items():
            function = getattr(self.lib, name)
            function.argtypes = types
            function.restype = CStatus
        self.lib.FreeCStatus.argtypes = [ctypes.POINTER(CStatus)]
        self.lib.FreeCStatus.restype = None

    def call(self, name, *arguments):
        status = getattr(self.lib, name)(*arguments)
        code, message = status.error_code, status.error_msg
        self.lib.FreeCStatus(ctypes.byref(status))
        if code != OK:
            raise PackedError(code, (message or b"").decode())
        assert message is None, message

    def open_writer(self, schema, groups, paths, buffer_size=0, config=None, uploader=None):
        c_schema = ArrowStruct()
        schema._export_to_c(c_schema.address())
        columns = [column for group in groups for column in group]
        offsets = [sum(map(len, groups[:i])) for i in range(len(groups) + 1)]
        c_groups = CColumnGroups(
            len(groups),
            None,
            (ctypes.c_int64 * len(offsets))(*offsets),
            (ctypes.c_int32 * len(columns))(*columns),
        )
        handle = ctypes.c_void_p()
        arguments = [c_schema.address(), buffer_size, c_paths(paths), len(paths), 0]
        arguments.append(ctypes.byref(c_groups))
        try:
            if uploader is not None:
                self.call(
                    "NewPackedWriterWithUploader",
                    *arguments, ctypes.byref(config), ctypes.byref(uploader), ctypes.byref(handle),
                )  # fmt: skip
            elif config is None:
                self.call("NewPackedWriter", *arguments, ctypes.byref(handle))
            else:
                self.call(
                    "NewPackedWriterWithStorageConfig",
                    *arguments, ctypes.byref(config), ctypes.byref(handle),
                )  # fmt: skip
        finally:
            assert schema_released(c_schema)
        return handle

    def write(self, writer, batch, with_schema=True):
        array, schema = ArrowStruct(), ArrowStruct()
        batch._export_to_c(array.address(), schema.address() if with_schema else 0)
        try:
            self.call(
                "WriteRecordBatch", writer, array.address(),
                schema.address() if with_schema else None,
            )  # fmt: skip
        finally:
            assert array_released(array) and schema_released(schema)

    def write_all(self, schema, groups, paths, batches, **options):
        writer = self.open_writer(schema, groups, paths, **options)
        for i, batch in enumerate(batches):
            self.write(writer, batch, with_schema=i % 2 == 0)
        self.call("CloseWriter", writer)

    def open_reader(self, paths, schema=None, buffer_size=0, config=None):
        c_schema = ArrowStruct()
        if schema is not None:
            schema._export_to_c(c_schema.address())
        handle = ctypes.c_void_p()
        arguments = [c_paths(paths), len(paths)]
        arguments += [c_schema.address() if schema is not None else None, buffer_size]
        try:
            if config is None:
                self.call("NewPackedReader", *arguments, ctypes.byref(handle))
            else:
                self.call(
                    "NewPackedReaderWithStorageConfig",
                    *arguments, ctypes.byref(config), ctypes.byref(handle),
                )  # fmt: skip
        finally:
            assert schema_released(c_schema)
        return handle

    def read_next(self, reader):
        array, schema = ArrowStruct(), ArrowStruct()
        self.call("ReadNext", reader, array.address(), schema.address())
        if array_released(array):
            assert schema_released(schema)
            return None
        return pa.RecordBatch._import_from_c(array.address(), schema.address())

    def read_all(self, paths, **options):
        reader = self.open_reader(paths, **options)
        batches = list(iter(lambda: self.read_next(reader), None))
        assert self.read_next(reader) is None
        self.call("CloseReader", reader)
        return pa.Table.from_batches(batches)


def c_paths(paths):
    return (ctypes.c_char_p * len(paths))(*(os.fsencode(path) for path in paths))
