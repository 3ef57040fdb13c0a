/** The examples of docs/joins.md join the groups of a segment by row, each by its tool. */
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { blocksOf, outputOf, readPage, typeErrors } from './support/page-code.js'
import { describeWithPyarrow, pythonEnvironment } from './support/python.js'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')
const TOOLS = ['duckdb', 'polars', 'pyarrow', 'spark']
const page = readPage('docs/joins.md')
const directory = temporaryDirectory('joins-page')
const files = join(directory, 'joins')
const [rowGroups, joined] = blocksOf(page, 'text')

/** Why a tool cannot be run here, or undefined. */
function whyNot(tool: string): string | undefined {
  const module = tool === 'spark' ? 'pyspark' : tool
  const found = spawnSync('python3', ['-c', `import ${module}`], { env: environment() })
  if (found.status !== 0) return `python3 has no ${module}`
  const needsJava = tool === 'spark' && spawnSync('java', ['-version']).status !== 0
  return needsJava ? 'there is no java' : undefined
}

/** Of pyarrow, and of what the caller has in PYTHONPATH besides. */
function environment(): NodeJS.ProcessEnv {
  const env = pythonEnvironment()
  const path = [env.PYTHONPATH, process.env.PYTHONPATH].filter(Boolean).join(':')
  return { ...env, PYTHONPATH: path }
}

test('every example has its command, and every Python block is in one', () => {
  const examples = readdirSync(join(ROOT, 'examples/join')).sort()
  expect(examples).toEqual(TOOLS.map((tool) => `with_${tool}.py`))
  const commands = examples.map(
    (name) => `python3 examples/join/${name} build/joins/0 build/joins/102\n`,
  )
  expect([...blocksOf(page, 'sh')].sort()).toEqual(commands)
  const code = examples.map((name) => readPage(join('examples/join', name)))
  for (const block of blocksOf(page, 'python')) {
    expect(code.filter((text) => text.includes(block))).toHaveLength(1)
  }
})

describe('files to join', () => {
  const program = blocksOf(page, 'ts').join('\n')
  let written = ''

  beforeAll(() => {
    written = outputOf(directory, program.replaceAll('build/joins', files), ROOT)
  })

  test('the program that writes them type-checks against the built package', () => {
    expect(typeErrors(directory, program)).toBe('')
  })

  test('it writes them with row groups that end at other rows', () => {
    expect(written).toBe(rowGroups)
  })

  describeWithPyarrow('tools', () => {
    for (const tool of TOOLS) {
      const reason = whyNot(tool)
      if (reason !== undefined) process.stderr.write(`NOT RUN (${reason}): join with ${tool}\n`)
      const run = reason === undefined ? test : test.skip
      run(
        `${tool} joins them by row`,
        () => {
          const script = join(ROOT, 'examples/join', `with_${tool}.py`)
          const args = [script, join(files, '0'), join(files, '102')]
          const ran = spawnSync('python3', args, { env: environment(), encoding: 'utf8' })
          expect([ran.status, ran.stdout]).toEqual([0, joined])
        },
        180_000,
      )
    }
  })
})
