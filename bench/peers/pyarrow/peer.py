"""The peer pyarrow: see bench/peers/README.md for the protocol.

`plain` is pyarrow as it comes. `tuned` has dictionaries for the categories only, and one thread per
file in writing. `reference` is what peers load that cannot load Arrow. The operation `verify`
compares what any peer wrote with the data.
"""

import json
import os
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.ipc as ipc
import pyarrow.parquet as pq

FIRST_ROWS = 8192


def status_bytes(key):
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith(key))
    return 1024 * int(line.split()[1])


def forget_peak():
    try:
        with open("/proc/self/clear_refs", "w") as clear:
            clear.write("5")
    except OSError:
        pass  # the peak is then that of the whole process


def cpu_seconds():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def load(job):
    return ipc.open_file(pa.OSFile(job["data"])).read_all()


def writer_options(job, table):
    if job["variant"] == "reference":
        return {"compression": "none", "use_dictionary": False}
    options = {"compression": "zstd", "compression_level": job["level"]}
    if job["variant"] == "tuned":
        names = table.column_names
        options["use_dictionary"] = [name for name in names if "cat" in name]
    return options


def write(job, table):
    def write_one(file):
        part = table.select(file["columns"])
        pq.write_table(part, file["path"], **writer_options(job, part))

    if job["variant"] == "tuned":
        with ThreadPoolExecutor(job["threads"]) as executor:
            list(executor.map(write_one, job["files"]))
    else:
        for file in job["files"]:
            write_one(file)
    return table.num_rows, None


def read(job, _):
    tables = [pq.ParquetFile(f["path"]).read(columns=f["columns"]) for f in job["files"]]
    return tables[0].num_rows, tables


def take(job, _):
    rows = pa.array(job["take"])
    tables = [ds.dataset(f["path"]).take(rows, columns=f["columns"]) for f in job["files"]]
    return tables[0].num_rows, tables


def first_batch(job, _):
    batches = []
    for file in job["files"]:
        source = pq.ParquetFile(file["path"])
        batches.append(next(source.iter_batches(FIRST_ROWS, columns=file["columns"])))
    return batches[0].num_rows, batches


def verify(job, table):
    """Every column equal to the data; types may be the ones that a peer knows."""
    for file in job["files"]:
        found = pq.ParquetFile(file["path"]).read()
        for name in file["columns"]:
            wanted, got = table[name], found[name]
            if got.type != wanted.type:
                wanted = wanted.cast(pa.large_binary() if pa.types.is_large_binary(got.type)
                                     else got.type)
            if not got.equals(wanted):
                raise ValueError(f"column {name} of {file['path']} differs from the data")
    return table.num_rows, None


OPERATIONS = {
    "write": write,
    "read": read,
    "projected": read,
    "take": take,
    "first-batch": first_batch,
    "verify": verify,
}


def repeat(job, table):
    if job["operation"] == "write":
        for file in job["files"]:
            if os.path.exists(file["path"]):
                os.remove(file["path"])
    forget_peak()
    base, cpu, start = status_bytes("VmRSS"), cpu_seconds(), time.perf_counter()
    rows, kept = OPERATIONS[job["operation"]](job, table)
    seconds = time.perf_counter() - start
    answer = {
        "seconds": seconds,
        "cpu": cpu_seconds() - cpu,
        "rssBase": base,
        "rssPeak": status_bytes("VmHWM"),
        "rows": rows,
    }
    del kept
    print(json.dumps(answer), flush=True)


def main():
    job = json.loads(sys.stdin.readline())
    pa.set_cpu_count(job["threads"])
    table = load(job) if job["operation"] in ("write", "verify") else None
    print(json.dumps({"ready": {"pyarrow": pa.__version__}}), flush=True)
    for _ in range(job["repetitions"]):
        repeat(job, table)


main()
