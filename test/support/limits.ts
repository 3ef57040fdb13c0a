/** Where the items of docs/limits.md are shown that test/60-limits-page does not show itself. */

/** Items that tests of their subjects show, by words of the item: the file and the test. */
export const SHOWN_ELSEWHERE: Record<string, readonly [file: string, test: string]> = {
  'one process at a time may use': [
    'test/fault/ingest-store-locked.test.ts',
    'a second worker on a directory is refused until the first one is dead',
  ],
  'apache-arrow 15 to 22': ['test/99-package.test.ts', 'beside the oldest apache-arrow'],
  'no page index': ['cpp/test/writer_layout_test.cc', 'GetOffsetIndexLocation'],
  'one key for footer and all columns': ['cpp/test/encryption_test.cc', 'plain footer'],
  'codes of 8 bits, no other': [
    'test/80-compression-config.test.ts',
    '%d bits of quantization are not supported',
  ],
  'Codes of different scales': [
    'test/74-segment-quantized.test.ts',
    'whose chunks are decoded in other ways is refused, with both',
  ],
  'positional or equality deletes': [
    'test/79-manifest-segments.test.ts',
    'deletes that are not by primary key are not supported',
  ],
  'Multi-field logs of an unknown version': [
    'test/72-delete-logs.test.ts',
    'refuses nulls, negative times and versions it does not know',
  ],
  'different columns are refused by `createManifest`': [
    'test/79-manifest-segments-create.test.ts',
    'refuses files of one group with different columns, until they are converted',
  ],
  'compound and BM25 statistics': [
    'test/72-primary-key-stats-files.test.ts',
    'another version is not supported',
  ],
  'with a value of a wrong kind': [
    'test/80-wrong-arguments.test.ts',
    'nothing but a PackedError, or a TypeError where that is said',
  ],
  'a change that can be seen is `FileChanged`': [
    'cpp/test/local_store_test.cc',
    'SeesEveryKindOfChange',
  ],
  'at most 2 GiB per column': [
    'test/fault/big-text.test.ts',
    'more than 2 GiB of text in one column, in bounded memory',
  ],
  'Column groups are frozen': [
    'test/90-sync-task.test.ts',
    'the groups of a segment are those of its first sync, whatever rows weigh (case 11)',
  ],
  'A store that ignores conditions is refused': [
    'test/77-manifest-store.test.ts',
    'a store without conditional writes is refused, unless there is one writer',
  ],
  'A source without replay': [
    'test/97-ingest-command.test.ts',
    'cannot be inferred from, and has no replay, as the help says',
  ],
  'more than half of `sortBytes` is refused': [
    'test/98-compaction.test.ts',
    'keys that half of sortBytes does not hold are refused, and nothing is changed',
  ],
  'at most 10,000 parts': ['test/82-bounded-work.test.ts', 'bytesOfPart(10_000'],
}

/** Items that no test can show: what is not there, what others promise, what was tried where. */
export const NOT_SHOWN: readonly string[] = [
  'No search, no index',
  'No cluster',
  'No updates of rows',
  'Built and tested on Linux',
  'Not in a browser',
  'Big-endian machines',
  'There is no sorted read',
  'the process ends with `SIGBUS`',
  'On a file system without `fsync`',
  'tested against emulators',
  'nothing is known of many',
  'one by one are as slow as apache-arrow makes them',
]
