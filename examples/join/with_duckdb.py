"""Join the files of a segment's column groups by row, with DuckDB.

python3 examples/join/with_duckdb.py segment/0 segment/102
"""

import struct
import sys

import duckdb

scalars, vectors = sys.argv[1:]

# file_row_number counts the rows of a file from 0, whatever row groups are skipped.
rows = duckdb.sql(
    """
    SELECT s.id, s.word, v.embedding
    FROM read_parquet($scalars, file_row_number = true) AS s
    JOIN read_parquet($vectors, file_row_number = true) AS v USING (file_row_number)
    WHERE s.word IN ('river', 'king', 'seven')
    ORDER BY s.id
    """,
    params={"scalars": scalars, "vectors": vectors},
)
for id, word, embedding in rows.fetchall():
    vector = struct.unpack(f"<{len(embedding) // 4}f", embedding)
    print(id, word, len(vector), f"{sum(vector):.4f}")
