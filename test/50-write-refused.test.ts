/** `packed write` over input that is no input: what is wrong, and where. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { packed } from './support/command.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('write-refused')
const inside = (name: string) => join(directory, name)

describe('input that does not fit is named by file, line and column', () => {
  const many = '{"id":1}\n'.repeat(1000)
  const refused: [string, string, string, string[]][] = [
    ['fraction.ndjson', `${many}{"id":1.5}\n`, 'int64 for column "id" in line 1001', []],
    ['late.ndjson', `${many}{"id":1,"new":2}\n`, 'first rows for column "new" in line 1001', []],
    ['mixed.ndjson', '{"a":1}\n{"a":"x"}\n', 'the type json keeps them as text', []],
    ['json.ndjson', '{"a":1}\n{"a":\n', 'Expected JSON in line 2', []],
    ['array.ndjson', '[1,2]\n', 'Expected a JSON object in line 1', []],
    ['wide.ndjson', '{"v":[1,2]}\n', 'float32[3] for column "v" in line 1', ['v:float32[3]']],
    ['null.ndjson', '{"a":null}\n', 'utf8 for column "a" in line 1', ['a:utf8!']],
    ['cells.csv', 'a,b\n1,2\n3\n', 'Expected 2 cells in line 3', []],
    ['twice.csv', 'a,a\n1,2\n', 'received "a" twice', []],
    ['quote.csv', 'a\n"x"y\n', 'Expected CSV in', []],
    ['small.csv', 'a\n1\n300\n', 'int8 for column "a" in line 3', ['a:int8']],
    ['empty.ndjson', '', 'Expected rows or column types', []],
  ]
  test.each(refused)('%s', async (name, text, message, types) => {
    writeFileSync(inside(name), text)
    const args = ['write', inside(name), '--out', inside(`${name}.out`)]
    if (types.length > 0) args.push('--types', types.join(','))
    const { code, stderr } = await packed(args)
    expect(stderr).toMatch(/^packed: Invalid(Data|Argument): [^\n]+\n$/)
    expect(stderr).toContain(message)
    expect(stderr).toContain(name)
    expect(code).toBe(1)
  })

  test('bytes that are not UTF-8, and bytes that are not Arrow', async () => {
    writeFileSync(inside('latin1.csv'), Buffer.from('a\ncaf\xe9\n', 'latin1'))
    writeFileSync(inside('text.arrow'), 'this is not an Arrow file at all')
    const latin1 = await packed(['write', inside('latin1.csv'), '--out', inside('x')])
    expect(latin1.stderr).toMatch(/^packed: InvalidData: Expected UTF-8 in .*latin1\.csv/)
    const text = await packed(['write', inside('text.arrow'), '--out', inside('x')])
    expect(text.stderr).toMatch(/^packed: InvalidData: Expected Arrow IPC in .*text\.arrow/)
  })
})
