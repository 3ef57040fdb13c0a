"""Encrypted Parquet as pyarrow reads and writes it; keys travel as hexadecimal text."""

import base64

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe


def read_encrypted(request):
    """Rows and footer keys of a file of ours, with the key itself."""
    key = bytes.fromhex(request["key"])
    file = pq.ParquetFile(
        request["path"], decryption_properties=pe.create_decryption_properties(footer_key=key)
    )
    table = file.read()
    chunk = file.metadata.row_group(0).column(0)
    return {
        "keys": [name.decode() for name in file.metadata.metadata],
        "rows": table.num_rows,
        "rowGroups": file.metadata.num_row_groups,
        "codec": chunk.compression,
        "columns": {
            name: [repr(value) for value in table[name].to_pylist()] for name in table.column_names
        },
    }


def sample():
    return pa.table({"id": pa.array(range(1000), pa.int64()), "text": [f"t{i}" for i in range(1000)]})


def write_encrypted(request):
    """A file of pyarrow's with a key that it names nowhere."""
    properties = pe.create_encryption_properties(
        footer_key=bytes.fromhex(request["key"]), encryption_algorithm=request["algorithm"]
    )
    pq.write_table(sample(), request["path"], encryption_properties=properties, row_group_size=300)


class ClearKms(pe.KmsClient):
    """A key service that hides nothing: whoever reads the key metadata has the key."""

    def wrap_key(self, key_bytes, master_key_identifier):
        return base64.b64encode(key_bytes)

    def unwrap_key(self, wrapped_key, master_key_identifier):
        return base64.b64decode(wrapped_key)


def write_with_kms(request):
    """A file of pyarrow's own key management: a random key, named by JSON key metadata."""
    configuration = pe.EncryptionConfiguration(
        footer_key="master", uniform_encryption=True, double_wrapping=False
    )
    factory = pe.CryptoFactory(lambda connection: ClearKms())
    properties = factory.file_encryption_properties(pe.KmsConnectionConfig(), configuration)
    pq.write_table(sample(), request["path"], encryption_properties=properties)


COMMANDS = {
    "readEncrypted": read_encrypted,
    "writeEncrypted": write_encrypted,
    "writeWithKms": write_with_kms,
}
