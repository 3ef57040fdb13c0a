/** `packed` over an object store: URIs, --storage, faults in one line, and no secrets anywhere. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { StorageConfig } from '../lib/config/index.js'
import { type ObjectStore, openChunkManager, openObjectStore } from '../lib/storage/index.js'
import { COMMAND, packed, packedOutput } from './support/command.js'
import {
  ACCESS_KEY,
  BUCKET,
  describeWithServers,
  SECRET_KEY,
  startVersitygw,
  storageAt,
  type TestServer,
} from './support/object-servers.js'
import { deletes, segmentIn, twoChunks } from './support/segments.js'
import { temporaryDirectory } from './support/temporary.js'

const CSV = 'id,title\n1,one\n2,two\n3,\n'
const NDJSON = '{"id":1,"title":"one"}\n{"id":2,"title":"two"}\n{"id":3,"title":null}\n'

describeWithServers('packed over an object store', () => {
  const directory = temporaryDirectory('storage-commands')
  const inside = (name: string) => join(directory, name)
  const json = inside('storage.json')
  const yaml = inside('milvus.yaml')
  const csv = inside('rows.csv')
  const uri = (key: string) => `s3://${BUCKET}/${key}`
  let server: TestServer
  let storage: StorageConfig
  let store: ObjectStore
  let environment: Record<string, string>

  beforeAll(async () => {
    server = await startVersitygw(inside('store'))
    const address = `127.0.0.1:${server.port}`
    storage = storageAt(server.port)
    store = await openObjectStore(storage)
    environment = {
      AWS_ENDPOINT_URL: `http://${address}`,
      AWS_ACCESS_KEY_ID: ACCESS_KEY,
      AWS_SECRET_ACCESS_KEY: SECRET_KEY,
      AWS_REGION: 'us-east-1',
    }
    writeFileSync(json, JSON.stringify({ ...storage, rootPath: 'below' }))
    writeFileSync(
      yaml,
      `minio:\n  address: 127.0.0.1\n  port: ${server.port}\n  accessKeyID: ${ACCESS_KEY}\n` +
        `  secretAccessKey: ${SECRET_KEY}\n  bucketName: ${BUCKET}\n  rootPath: files\n` +
        '  region: us-east-1\ncommon:\n  storageType: remote\n',
    )
    writeFileSync(csv, CSV)
  })

  afterAll(async () => {
    store?.close()
    await server?.stop()
  })

  async function openUploads(prefix: string): Promise<string[]> {
    const keys: string[] = []
    for await (const { key } of store.listUploads(prefix)) keys.push(key)
    return keys
  }

  /** With the variables of AWS. */
  const output = (...args: string[]) => packedOutput(args, '', environment)
  const text = async (key: string) => Buffer.from(await store.get(key)).toString('utf8')

  describe('files', () => {
    test('written from the disk, and read again by their URIs', async () => {
      const report = await output('write', csv, '--out', uri('seg'))
      expect(report).toContain(uri('seg/0'))
      expect(await output('cat', uri('seg/0'))).toBe(NDJSON)
      expect(await output('inspect', uri('seg/0'))).toMatch(/^s3:\/\/segments\/seg\/0$/m)
      expect(await output('verify', uri('seg/0'), '--partial')).toBe('OK: 1 file, 3 rows\n')
    })

    test('as a folder', async () => {
      await output('write', csv, '--out', uri('folder/'), '--groups', 'perField')
      expect(await output('cat', uri('folder/'), '--columns', 'title,id', '--limit', '1')).toBe(
        '{"title":"one","id":1}\n',
      )
      expect(await output('verify', uri('folder/'))).toBe('OK: 2 files, 3 rows\n')
      const { code, stderr } = await packed(['cat', uri('none/')], '', environment)
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: `packed: NotFound: Expected objects right in ${uri('none/')} but received none\n`,
      })
    })

    test('by plain paths below the root of --storage, and by URIs from the bucket on', async () => {
      const place = ['--storage', json]
      await packedOutput([...place, 'write', csv, '--out', 'plain'])
      expect(await packedOutput([...place, 'cat', 'plain/0'])).toBe(NDJSON)
      expect(await packedOutput(['cat', ...place, uri('below/plain/0')])).toBe(NDJSON)
      expect(await packedOutput(['cat', 'plain/0'], '', { PACKED_STORAGE: json })).toBe(NDJSON)
    })

    test.each(['a b', 'a+b', 'a%20b', 'ä漢字', 'a?b#c'])('of the key %s', async (key) => {
      await output('write', csv, '--out', uri(`keys/${key}`))
      expect((await store.head(`keys/${key}/0`)).sizeBytes).toBeGreaterThan(100)
      expect(await output('cat', uri(`keys/${key}/0`))).toBe(NDJSON)
    })

    test.each(['a//b', '/a', '../a'])('never of the key %s', async (key) => {
      const out = ['write', csv, '--out', uri(`keys/${key}`)]
      const { code, stderr } = await packed(out, '', environment)
      expect(code).toBe(1)
      expect(stderr).toMatch(/^packed: InvalidArgument: Expected a key without .*\n$/)
    })

    test('inputs are objects, too', async () => {
      await store.put('in//rows.csv', Buffer.from(CSV))
      await output('write', uri('in//rows.csv'), '--out', inside('from-csv'))
      await output('cat', inside('from-csv/0'), '--out', uri('in/rows.arrow'))
      await output('write', uri('in/rows.arrow'), '--out', uri('from-arrow'))
      await output('cat', uri('from-arrow/0'), '--out', uri('in/rows.parquet'))
      await output('write', uri('in/rows.parquet'), '--out', inside('from-parquet'))
      expect(await output('cat', inside('from-parquet/0'))).toBe(NDJSON)
    })

    test('an output that is there is kept, or replaced', async () => {
      await output('write', csv, '--out', uri('out'))
      const cat = ['cat', uri('out/0'), '--out', uri('out/rows.csv')]
      await output(...cat)
      expect(await text('out/rows.csv')).toBe(CSV)
      const again = await packed([...cat, '--limit', '1'], '', environment)
      expect(again).toMatchObject({ code: 1, stderr: expect.stringMatching(/^packed: AlreadyExi/) })
      expect(await text('out/rows.csv')).toBe(CSV)
      await output(...cat, '--limit', '1', '--if-exists', 'replace')
      expect(await text('out/rows.csv')).toBe('id,title\n1,one\n')
      const rewrite = await packed(['write', csv, '--out', uri('out')], '', environment)
      expect(rewrite).toMatchObject({ code: 1, stderr: expect.stringMatching(/AlreadyExists/) })
    })
  })

  test('an interrupted write leaves neither an object nor an upload', async () => {
    const source = [...wrong({ multipartPartBytes: 5 << 20 }), 'write', '-', '--format', 'ndjson']
    const child = spawn(process.execPath, [COMMAND, ...source, '--out', uri('cut')])
    let stderr = ''
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.stdin.on('error', () => {}) // the interrupted command reads no further
    for (let id = 0; id < 16_000; id++) {
      child.stdin.write(`{"id":${id},"text":"${randomBytes(750).toString('base64')}"}\n`)
    }
    while ((await openUploads('cut/')).length === 0) await sleep(50) // input has no end yet
    child.kill('SIGINT')
    const [code] = await once(child, 'close')
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'packed: Aborted: interrupted\n' })
    expect(await openUploads('cut/')).toEqual([])
    expect(await store.head('cut/0').catch(({ code: kind }) => kind)).toBe('NotFound')
  })

  describe('segments', () => {
    test('converted from the disk, found below the root of a milvus.yaml', async () => {
      const local = inside('tree')
      await segmentIn(local, twoChunks(), { deletes: deletes([2n, 99]) })
      await output('segment', 'convert', '3', '--root', local, '--out', uri('files'))
      const segment = (verb: string, ...more: string[]) =>
        packedOutput(['--storage', yaml, 'segment', verb, '3', ...more])
      const rows = await segment('cat', '--columns', 'id,title')
      expect(rows).toBe([1, 3, 4, 5].map((id) => `{"id":${id},"title":"title ${id}"}\n`).join(''))
      expect(await segment('stats')).toMatch(/^rows +5$/m)
      expect(await segment('verify')).toMatch(/^OK: \d+ logs, 5 rows$/m)
      await segment('convert', '--out', uri('v1'), '--to', '1')
      const back = await output('segment', 'cat', '3', '--root', uri('v1'), '--columns', 'id')
      expect(back).toBe('{"id":1}\n{"id":3}\n{"id":4}\n{"id":5}\n')
    })

    test('exported from a store to a store', async () => {
      const request = await packedOutput([
        ...['--storage', yaml, 'segment', 'export', '3', '--for', 'milvus-import'],
        ...['--out', uri('bucket'), '--collection-name', 'books'],
      ])
      expect(JSON.parse(request)).toMatchObject({ collectionName: 'books' })
      const keys: string[] = []
      for await (const { path } of store.list('bucket/')) keys.push(path)
      expect(keys).toEqual(
        expect.arrayContaining([expect.stringMatching(/^bucket\/export\/3\/insert_log\//)]),
      )
    })

    test('with a schema that is an object', async () => {
      const local = inside('tree')
      const chunks = await openChunkManager({ storageType: 'local', rootPath: local })
      const sidecar = JSON.parse(
        Buffer.from(await chunks.read('_segment/1/2/3.json')).toString('utf8'),
      )
      await store.put('schema.json', Buffer.from(JSON.stringify(sidecar.schema)))
      const rows = await output(
        ...['segment', 'cat', '3', '--root', local, '--no-sidecar', '--columns', 'id'],
        ...['--schema', uri('schema.json'), '--limit', '1'],
      )
      expect(rows).toBe('{"id":1}\n')
    })
  })

  describe('unfinished uploads', () => {
    const uploads = (...args: string[]) => packed(['uploads', ...args], '', environment)
    const objectsOf = ({ stdout }: { stdout: Buffer }) =>
      (JSON.parse(String(stdout)) as { object: string }[]).map(({ object }) => object)

    test('are listed below a path, of an age, and aborted', async () => {
      for (const key of ['open/a b', 'open/a+b/%20', 'other/x']) await store.create(key)
      const list = (...args: string[]) => uploads('list', '--json', ...args)
      expect(objectsOf(await list(uri('open/'))).sort()).toEqual([
        uri('open/a b'),
        uri('open/a+b/%20'),
      ])
      expect(objectsOf(await list(uri('open/'), '--older-than', '1h'))).toEqual([])
      const dry = await uploads('abort', uri('open/'), '--older-than', '0s', '--dry-run', '--json')
      expect(objectsOf(dry)).toHaveLength(2)
      const abort = await uploads('abort', uri('open/'), '--older-than', '0s')
      expect(abort).toMatchObject({ code: 0, stderr: '' })
      expect(String(abort.stdout)).toContain(uri('open/a+b/%20'))
      expect(objectsOf(await list(uri('')))).toEqual([uri('other/x')])
      expect(String((await uploads('list', uri('open/'))).stdout)).toBe('no unfinished uploads\n')
    })

    test('are asked for by the keys of objects with --each, once each', async () => {
      await store.put('each/object', Buffer.from('x'))
      await store.create('each/object')
      const list = await uploads('list', uri('each/'), '--each', '--json')
      expect(objectsOf(list)).toEqual([uri('each/object')])
    })

    test.each([
      [['abort'], 2, /required option '--older-than <age>'/],
      [['abort', '--older-than', '7 days'], 2, /Expected an age like 90s/],
      [['list', 'plain'], 2, /a path in an object store/],
      [['list'], 2, /Expected a URI or --storage <source>/],
    ])('packed uploads %j cannot be meant', async (args, code, message) => {
      const ran = await uploads(...args)
      expect({ code: ran.code, stdout: String(ran.stdout) }).toEqual({ code, stdout: '' })
      expect(ran.stderr).toMatch(message)
      expect(ran.stderr.split('\n')).toHaveLength(2)
    })
  })

  /** The option for a configuration that differs in something. */
  function wrong(more: Partial<StorageConfig>): string[] {
    const path = inside('wrong.json')
    writeFileSync(path, JSON.stringify({ ...storage, ...more }))
    return ['--storage', path]
  }

  describe('what goes wrong is one line without a secret', () => {
    const secret = 'NobodyMayReadThis+/0123456789'

    test.each<[string, Partial<StorageConfig>, string[], RegExp]>([
      ['a wrong secret', { secretAccessKey: secret }, ['cat', 'seg/0'], /PermissionDenied/],
      ['a wrong key', { accessKeyId: 'nobody' }, ['verify', 'seg/'], /PermissionDenied/],
      ['a missing bucket', { bucketName: 'nobucket' }, ['cat', 'seg/0'], /NotFound.*bucket/],
      ['a missing key', {}, ['cat', 'missing/0'], /NotFound.*missing\/0/],
      ['a folder of nothing', {}, ['inspect', 'missing/'], /NotFound.*missing\//],
      [
        'a store that is not there',
        { address: '127.0.0.1:9', retryTimeoutMs: 500 },
        ['cat', 'seg/0'],
        /Network/,
      ],
      ['a wrong secret', { secretAccessKey: secret }, ['write', 'CSV', '--out', 'w'], /Permission/],
      ['a wrong secret', { secretAccessKey: secret }, ['uploads', 'list'], /PermissionDenied/],
      ['https to http', { useSsl: true, retryTimeoutMs: 500 }, ['uploads', 'list'], /Network/],
      ['an unknown name', { bucketNme: 'x' } as object, ['cat', 'x'], /Did you mean "bucketName"/],
      ['a secret that is none', { secretAccessKey: '' }, ['cat', 'x'], /secretAccessKey/],
      ['a user in the address', { address: `http://me:${secret}@x` }, ['cat', 'x'], /address/],
    ])('%s: %j', async (_, more, args, message) => {
      const given = args.map((arg) => (arg === 'CSV' ? csv : arg))
      const ran = await packed([...wrong(more), '--verbose', ...given])
      expect(ran.code).toBe(1)
      expect(ran.stderr.split('\n', 1)[0]).toMatch(message)
      for (const hidden of [SECRET_KEY, secret]) {
        expect(ran.stderr + String(ran.stdout)).not.toContain(hidden)
      }
    })

    test.each([
      ['no file', ['--storage', 'missing.json'], 1, /NotFound.*missing\.json/],
      ['no JSON', ['--storage', 'package.json'], 1, /Expected a known option for storage/],
      ['another format', ['--storage', 'README.md'], 2, /a \.json or \.yaml file, or env/],
      ['another store', ['--storage', json, 'GS'], 2, /a configuration of Google in --storage/],
    ])('%s', async (_, args, code, message) => {
      const path = args.includes('GS') ? 'gs://bucket/x' : 'x'
      const ran = await packed([...args.filter((arg) => arg !== 'GS'), 'cat', path])
      expect(ran.code).toBe(code)
      expect(ran.stderr).toMatch(message)
      expect(ran.stderr.split('\n')).toHaveLength(2)
    })

    test('files of two buckets are not one segment', async () => {
      const files = [uri('seg/0'), 's3://other/seg/0']
      for (const verb of ['cat', 'verify']) {
        const ran = await packed([verb, ...files], '', environment)
        expect(ran).toMatchObject({ code: 2, stderr: expect.stringMatching(/files in one bucket/) })
      }
    })

    test('a bucket is no folder', async () => {
      const ran = await packed(['write', csv, '--out', uri('')], '', environment)
      expect(ran).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/a folder in the bucket/),
      })
    })
  })

  describe('a check of the storage', () => {
    test('prints what is configured, without secrets, and what the store answers', async () => {
      const checked = await packedOutput(['--storage', yaml, 'storage', 'check', '--write'])
      expect(checked).toMatch(/^accessKeyId +testkey123$/m)
      expect(checked).toMatch(/^secretAccessKey +\*\*\*$/m)
      expect(checked).not.toContain(SECRET_KEY)
      expect(checked).toMatch(/^answers +in \d+ ms/m)
      expect(checked).toMatch(/^conditional writes +kept$/m)
    })

    test('prints the configuration before the store refuses', async () => {
      const args = [...wrong({ bucketName: 'nobucket' }), 'storage', 'check']
      const { code, stdout, stderr } = await packed(args)
      expect(code).toBe(1)
      expect(String(stdout)).toMatch(/^bucketName +nobucket$/m)
      expect(stderr).toMatch(/^packed: NotFound: .*bucket.*\n$/)
    })

    test('needs a store', async () => {
      const ran = await packed(['storage', 'check'])
      expect(ran).toMatchObject({ code: 2, stderr: expect.stringMatching(/--storage or a URI/) })
    })
  })

  test.each(['list', 'abort'])('help of uploads %s says what MinIO cannot', async (verb) => {
    const help = await packedOutput(['uploads', verb, '--help'])
    expect(help).toMatch(/MinIO finds uploads by their exact\s+key/)
  })
})
