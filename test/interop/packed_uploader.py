"""A store in memory, behind the uploader table of libpacked.so."""

import ctypes
import threading

from packed_library import ALREADY_EXISTS, NOT_FOUND, OK

POINTER, TEXT, NUMBER, SIZE = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int32, ctypes.c_int64
OUT = ctypes.POINTER(ctypes.c_void_p)
TAGS = ctypes.POINTER(TEXT)

LIBC = ctypes.CDLL(None)
LIBC.strdup.restype = POINTER
LIBC.strdup.argtypes = [TEXT]


class CUploader(ctypes.Structure):
    """Keep it as long as the library may call its functions."""

    _fields_ = [
        ("context", POINTER),
        ("create", ctypes.CFUNCTYPE(NUMBER, POINTER, TEXT, NUMBER, OUT, OUT)),
        ("part", ctypes.CFUNCTYPE(NUMBER, POINTER, TEXT, TEXT, NUMBER, POINTER, SIZE, OUT, OUT)),
        ("complete", ctypes.CFUNCTYPE(NUMBER, POINTER, TEXT, NUMBER, TEXT, TAGS, NUMBER, OUT)),
        ("abort", ctypes.CFUNCTYPE(None, POINTER, TEXT, TEXT)),
        ("put", ctypes.CFUNCTYPE(NUMBER, POINTER, TEXT, NUMBER, POINTER, SIZE, OUT)),
        ("remove", ctypes.CFUNCTYPE(NUMBER, POINTER, TEXT, OUT)),
        ("release", ctypes.CFUNCTYPE(None, POINTER)),
    ]


def give(out, text):
    """The library frees what it is given, so that it has to come from malloc."""
    out[0] = LIBC.strdup(text.encode())


def content_of(data, size):
    return ctypes.string_at(data, size) if size > 0 else b""


class MemoryUploader:
    """`objects` by key; `table` is what the library takes."""

    def __init__(self, objects=None):
        self.objects = {} if objects is None else objects
        self.uploads = {}
        self.part_sizes = {}
        self.most_at_once = 0
        self.released = threading.Event()
        self._lock = threading.Lock()
        self._created = self._at_once = 0
        functions = dict(CUploader._fields_)
        names = ("create", "part", "complete", "abort", "put", "remove", "release")
        self.table = CUploader(
            None, *(functions[name](getattr(self, f"_{name}")) for name in names)
        )

    def _create(self, _context, key, _if_absent, upload, _error):
        with self._lock:
            self._created += 1
            name = f"upload-{self._created}"
            self.uploads[name] = {}
        give(upload, name)
        return OK

    def _part(self, _context, _key, upload, number, data, size, tag, error):
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        content = content_of(data, size)
        with self._lock:
            self._at_once -= 1
            parts = self.uploads.get(upload.decode())
            if parts is None:
                give(error, "no such upload")
                return NOT_FOUND
            parts[number] = content
            self.part_sizes[number] = size
        give(tag, f"tag-{number}")
        return OK

    def _complete(self, _context, key, if_absent, upload, tags, num_tags, error):
        parts = self.uploads[upload.decode()]
        assert [tags[i].decode() for i in range(num_tags)] == [f"tag-{n}" for n in sorted(parts)]
        code = self._keep(key, if_absent, b"".join(parts[n] for n in sorted(parts)), error)
        if code == OK:
            del self.uploads[upload.decode()]
        return code

    def _abort(self, _context, _key, upload):
        self.uploads.pop(upload.decode(), None)

    def _put(self, _context, key, if_absent, data, size, error):
        return self._keep(key, if_absent, content_of(data, size), error)

    def _keep(self, key, if_absent, content, error):
        with self._lock:
            if if_absent and key.decode() in self.objects:
                give(error, f"an object stands at {key.decode()}")
                return ALREADY_EXISTS
            self.objects[key.decode()] = content
        return OK

    def _remove(self, _context, key, _error):
        self.objects.pop(key.decode(), None)
        return OK

    def _release(self, _context):
        self.released.set()
