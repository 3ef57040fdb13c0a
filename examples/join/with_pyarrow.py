"""Join the files of a segment's column groups by row, with pyarrow.

python3 examples/join/with_pyarrow.py segment/0 segment/102
"""

import struct
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

scalars, vectors = (pq.ParquetFile(path) for path in sys.argv[1:])

# The files have the same rows in the same order, and row groups of their own: batches of one size
# are the same rows. Nothing is read twice, and no table is held whole.
batches = zip(
    scalars.iter_batches(batch_size=1024, columns=["id", "word"]),
    vectors.iter_batches(batch_size=1024, columns=["embedding"]),
    strict=True,
)
for left, right in batches:
    rows = pa.table([*left.columns, *right.columns], names=["id", "word", "embedding"])
    rows = rows.filter(pc.is_in(rows["word"], pa.array(["river", "king", "seven"])))
    for row in rows.to_pylist():
        vector = struct.unpack(f"<{len(row['embedding']) // 4}f", row["embedding"])
        print(row["id"], row["word"], len(vector), f"{sum(vector):.4f}")
