import { readFileSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { FieldBinlog } from '../lib/binlog/index.js'
import { exportForMilvusImport } from '../lib/segment/export-milvus-import.js'
import type { MilvusImportRequest } from '../lib/segment/export-request.js'
import { locateSegment } from '../lib/segment/index.js'
import { LocalChunkManager } from '../lib/storage/index.js'
import { rejection } from './support/rejection.js'
import { BOOKS, columnOf, deletes, segmentIn, twoChunks } from './support/segments.js'
import { filesBelow, temporaryDirectory } from './support/temporary.js'

const root = temporaryDirectory('export-backup')
let count = 0

/** Logs that hold their own key as text. */
async function placeLogs(
  directory: string,
  groups: ReadonlyMap<bigint, readonly string[]>,
): Promise<FieldBinlog[]> {
  const logs: FieldBinlog[] = []
  for (const [fieldId, keys] of groups) {
    for (const key of keys) {
      await mkdir(dirname(join(directory, key)), { recursive: true })
      writeFileSync(join(directory, key), key)
    }
    const binlogs = keys.map((logPath) => ({
      entriesNum: 1,
      timestampFrom: 1n,
      timestampTo: 2n,
      logPath,
      logSize: logPath.length,
      logId: 0n,
      memorySize: 0,
      fieldNullCounts: new Map<bigint, number>(),
    }))
    logs.push({ fieldId, binlogs, childFields: [], format: '' })
  }
  return logs
}

const ids = { collectionId: 1n, partitionId: 2n, segmentId: 3n }

async function backup(
  groups: [bigint, string[]][],
  deletes: string[] = [],
  more: object = {},
): Promise<{ request: MilvusImportRequest; copied: Record<string, string> }> {
  const directory = join(root, String(count++))
  const target = join(root, String(count++))
  await mkdir(target)
  const binlogs = await placeLogs(directory, new Map(groups))
  const deltalogs = await placeLogs(directory, new Map([[100n, deletes]]))
  const request = await exportForMilvusImport({
    form: 'backup',
    collectionName: 'things',
    segments: [{ ...ids, storageVersion: 2, binlogs, deltalogs }],
    source: new LocalChunkManager({ rootPath: directory }),
    target: new LocalChunkManager({ rootPath: target }),
    prefix: 'export/a',
    ...more,
  })
  const copied = filesBelow(target).map((file): [string, string] => [
    file.slice(target.length + 1),
    readFileSync(file, 'utf8'),
  ])
  return { request, copied: Object.fromEntries(copied.sort()) }
}

describe('export in the form of a backup', () => {
  test('copies logs into the folders of one partition, and names them in the request', async () => {
    const { request, copied } = await backup(
      [
        [0n, ['files/insert_log/1/2/3/0/11', 'files/insert_log/1/2/3/0/21']],
        [101n, ['files/insert_log/1/2/3/101/12', 'files/insert_log/1/2/3/101/22']],
      ],
      ['files/delta_log/1/2/3/31', 'files/delta_log/1/-1/9/32'],
      { endTimestamp: 99n, startTimestamp: 5, skipDiskQuotaCheck: true, timeout: '300s' },
    )
    expect(copied).toEqual({
      'export/a/delta_log/1/2/3/31': 'files/delta_log/1/2/3/31',
      'export/a/delta_log/1/2/3/32': 'files/delta_log/1/-1/9/32',
      'export/a/insert_log/1/2/3/0/11': 'files/insert_log/1/2/3/0/11',
      'export/a/insert_log/1/2/3/0/21': 'files/insert_log/1/2/3/0/21',
      'export/a/insert_log/1/2/3/101/12': 'files/insert_log/1/2/3/101/12',
      'export/a/insert_log/1/2/3/101/22': 'files/insert_log/1/2/3/101/22',
    })
    expect(request).toEqual({
      collectionName: 'things',
      partitionName: '',
      files: [['export/a/insert_log/1/2/', 'export/a/delta_log/1/2/']],
      options: {
        backup: 'true',
        storage_version: '2',
        start_ts: '5',
        end_ts: '99',
        skip_disk_quota_check: 'true',
        timeout: '300s',
      },
    })
  })

  test('without deletes there is one folder; StorageV1 is not said', async () => {
    const segments = [{ ...ids, storageVersion: 0, binlogs: [] as FieldBinlog[] }]
    const { request } = await backup([], [], { segments, partitionName: 'p', dbName: 'db' })
    expect(request).toEqual({
      dbName: 'db',
      collectionName: 'things',
      partitionName: 'p',
      files: [['export/a/insert_log/1/2/']],
      options: { backup: 'true' },
    })
  })

  test('logs whose names do not sort as text in chunk order are renamed', async () => {
    const { copied } = await backup([
      [0n, ['s/9', 's/10', 's/11']],
      [101n, ['t/19', 't/20', 't/21']],
    ])
    const inserts = Object.entries(copied).map(([key, text]) => [key.slice(26), text])
    expect(inserts).toEqual([
      ['0/10', 's/9'],
      ['0/11', 's/10'],
      ['0/12', 's/11'],
      ['101/19', 't/19'],
      ['101/20', 't/20'],
      ['101/21', 't/21'],
    ])
  })

  test('a failure takes back the copies before it, and leaves what stood there', async () => {
    const target = join(root, 'taken')
    const mine = join(target, 'export/a/insert_log/1/2/3/101/20')
    await mkdir(dirname(mine), { recursive: true })
    writeFileSync(mine, 'mine')
    const error = await rejection(() =>
      backup(
        [
          [0n, ['s/9', 's/10']],
          [101n, ['t/19', 't/20']],
        ],
        [],
        { target: new LocalChunkManager({ rootPath: target }) },
      ),
    )
    const path = 'export/a/insert_log/1/2/3/101/20'
    expect(error).toMatchObject({ code: 'AlreadyExists', path })
    expect(filesBelow(target)).toEqual([mine])
  })

  test('refuses segments of two storage versions, and groups of unequal length', async () => {
    const empty = { ...ids, binlogs: [] as FieldBinlog[] }
    const segments = [
      { ...empty, storageVersion: 0 },
      { ...empty, storageVersion: 2 },
    ]
    const mixed = await rejection(() => backup([], [], { segments }))
    expect(mixed.message).toMatch(/received 0 and 2/)
    const ragged = await rejection(() =>
      backup([
        [0n, ['a/1', 'a/2']],
        [101n, ['b/1']],
      ]),
    )
    expect(ragged.code).toBe('MetadataCorrupted')
    const form = await rejection(() => backup([], [], { form: 'bak' }))
    expect(form.message).toMatch(/'backup' \| 'bulk' for form/)
  })
})

test.each([0, 2] as const)(
  'a segment of version %d that was exported with its deletes reads as before',
  async (storageVersion) => {
    const directory = join(root, String(count++))
    const { chunkManager, info } = await segmentIn(directory, twoChunks(), {
      storageVersion,
      deletes: deletes([1n, 60]),
      sidecar: false,
    })
    const target = new LocalChunkManager({ rootPath: join(root, String(count++)) })
    const request = await exportForMilvusImport({
      form: 'backup',
      collectionName: 'books',
      segments: [info],
      source: chunkManager,
      target,
      prefix: 'export',
    })
    expect(request.files).toEqual([['export/insert_log/1/2/', 'export/delta_log/1/2/']])
    const exported = await locateSegment({ chunkManager: target, root: 'export', segmentId: 3 })
    const rows = async ({ binlogs, deltalogs }: typeof info, chunks: LocalChunkManager) =>
      columnOf('id', { schema: BOOKS, binlogs, deltalogs, chunkManager: chunks })
    const before = await rows(info, chunkManager)
    expect(before).toHaveLength(4)
    expect(await rows(exported, target)).toEqual(before)
  },
)
