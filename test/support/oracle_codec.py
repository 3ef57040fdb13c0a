"""Codecs of bytes as Python has them: Python's own, pyarrow's and cramjam's, from file to file."""

import gzip
import zlib

import pyarrow as pa

try:
    import cramjam
except ImportError:
    cramjam = None


def stream_compress(codec):
    def compress(data):
        sink = pa.BufferOutputStream()
        with pa.CompressedOutputStream(sink, codec) as stream:
            stream.write(data)
        return sink.getvalue().to_pybytes()

    return compress


def stream_decompress(codec):
    return lambda data: pa.CompressedInputStream(pa.BufferReader(data), codec).read()


def inflate(data):
    """Member by member, with the checksum of each."""
    out = b""
    while data:
        inflater = zlib.decompressobj(wbits=31)
        out += inflater.decompress(data) + inflater.flush()
        assert inflater.eof
        data = inflater.unused_data
    return out


def snappy_size(data):
    size = shift = 0
    for byte in data:
        size |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return size
    raise ValueError("no size")


def pyarrow_snappy_decompress(data):
    return pa.decompress(data, snappy_size(data), "snappy", asbytes=True)


def pyarrow_pairs():
    pairs = {
        codec: (stream_compress(codec), stream_decompress(codec))
        for codec in ("zstd", "lz4", "gzip", "brotli")
    }
    pairs["snappy"] = (
        lambda data: pa.compress(data, "snappy", asbytes=True),
        pyarrow_snappy_decompress,
    )
    return pairs


def cramjam_pairs():
    if cramjam is None:
        return {}
    modules = {codec: getattr(cramjam, codec) for codec in ("zstd", "lz4", "gzip", "brotli")}
    pairs = {codec: (module.compress, module.decompress) for codec, module in modules.items()}
    pairs["snappy"] = (cramjam.snappy.compress_raw, cramjam.snappy.decompress_raw)
    pairs["snappy stream"] = (cramjam.snappy.compress, cramjam.snappy.decompress)
    return pairs


LIBRARIES = {
    "python": {"gzip": (gzip.compress, gzip.decompress)},
    "zlib": {"gzip": (lambda data: zlib.compress(data, wbits=31), inflate)},
    "pyarrow": pyarrow_pairs(),
    "cramjam": cramjam_pairs(),
}


def libraries(request):
    return {name: sorted(pairs) for name, pairs in LIBRARIES.items()}


def code(request):
    compress, decompress = LIBRARIES[request["library"]][request["codec"]]
    with open(request["input"], "rb") as file:
        data = file.read()
    result = (compress if request["compress"] else decompress)(data)
    with open(request["output"], "wb") as file:
        file.write(bytes(result))


COMMANDS = {"codecLibraries": libraries, "codeBytes": code}
