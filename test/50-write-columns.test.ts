/** `packed write` with choices for single columns, and what became of them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packed, packedOutput } from './support/command.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('write-columns')

describe('choices of single columns', () => {
  const facts = async (out: string) => {
    const [info] = JSON.parse(await packedOutput(['inspect', join(out, '0'), '--json']))
    return Object.fromEntries(
      info.chunks.map(({ column, codec, encodings, min, max }: Record<string, unknown>) => [
        column,
        { codec, encodings, min, max },
      ]),
    )
  }

  test('codec, level and encoding, each by itself too', async () => {
    const csv = join(directory, 'choices.csv')
    const out = join(directory, 'choices')
    writeFileSync(csv, 'id,title,price\n-9007199254740993,zwölf,0.1\n2,"",2.5\n')
    const columns = ['title=gzip:9:plain', 'id=::deltaBinaryPacked', 'price=snappy']
    const choices = columns.flatMap((choice) => ['--column', choice])
    await packedOutput(['write', csv, '--out', out, '--layout', 'fast', ...choices])
    expect(await facts(out)).toEqual({
      id: expect.objectContaining({
        codec: 'ZSTD',
        encodings: expect.arrayContaining(['DELTA_BINARY_PACKED']),
        min: '-9007199254740993',
        max: '2',
      }),
      title: expect.objectContaining({ codec: 'GZIP', min: '', max: 'zwölf' }),
      price: expect.objectContaining({ codec: 'SNAPPY', min: '0.1', max: '2.5' }),
    })
    expect(await packedOutput(['cat', out])).toBe(
      '{"id":-9007199254740993,"title":"zwölf","price":0.1}\n{"id":2,"title":"","price":2.5}\n',
    )
  })

  test('of a column that the input has not', async () => {
    const csv = join(directory, 'strange.csv')
    writeFileSync(csv, 'id\n1\n')
    const args = ['write', csv, '--out', join(directory, 'strange'), '--column', 'title=zstd']
    const { code, stderr } = await packed(args)
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'packed: usage: Expected a column of the input (id) for --column but received "title"\n',
    })
  })

  test('row groups by bytes with a unit', async () => {
    const csv = join(directory, 'cut.csv')
    const rows = Array.from({ length: 1000 }, (_, id) => `${id}\n`)
    writeFileSync(csv, `id\n${rows.join('')}`)
    const args = ['--row-group-bytes', '4K', '--json']
    const result = JSON.parse(
      await packedOutput(['write', csv, '--out', join(directory, 'cut'), ...args]),
    )
    // 8,000 bytes of int64.
    expect(result.groups[0].rowGroups).toBe(2)
  })
})
