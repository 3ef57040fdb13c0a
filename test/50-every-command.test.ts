/** What holds for every command of `packed`: help, examples, documentation, progress. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { COMMAND, everyCommand, type HelpOfCommand, packedOutput } from './support/command.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('every-command')
const page = readFileSync(join(__dirname, '../docs/cli.md'), 'utf8')
let commands: HelpOfCommand[] = []

beforeAll(async () => {
  commands = await everyCommand()
})

/** The part of the page on the first word of a command. */
function chapterOf(name: string): string {
  const [verb] = name.split(' ')
  return page.split(/^## /m).find((text) => text.startsWith(`${verb}\n`)) ?? ''
}

/** Its own ones: those of the program are behind them. */
const optionsOf = (text: string): string[] =>
  [...text.split('Global Options:')[0]!.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(
    ([, name]) => name!,
  )

test('there are commands, and the page has a heading for each', () => {
  expect(commands.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['write', 'inspect', 'segment cat', 'manifest expire', 'uploads abort']),
  )
  const headings = [...page.matchAll(/^##+ (.*)$/gm)].map(([, title]) => title!)
  const isNamed = (name: string): boolean => {
    const [verb, below] = name.split(' ')
    if (below === undefined) return headings.includes(name)
    const chapter = chapterOf(name)
    const named = headings.some((title) => title.startsWith(verb!) && title.includes(below))
    return named || chapter.includes(`packed ${name}`)
  }
  expect(commands.map(({ name }) => name).filter((name) => !isNamed(name))).toEqual([])
})

test('each says what it is for, its options, and examples that begin with its name', () => {
  for (const { name, help } of commands) {
    expect(help).toMatch(/^Usage: packed /)
    const [, examples = ''] = help.split('\nExamples:\n')
    const lines = examples.split('\n').filter((line) => line !== '')
    expect({ name, examples: lines.length > 0 }).toEqual({ name, examples: true })
    for (const line of lines) expect(line).toMatch(new RegExp(`^  packed ${name} \\S`))
  }
})

test('examples use options that there are', () => {
  for (const { name, help } of commands) {
    const [before, examples = ''] = help.split('\nExamples:\n')
    const known = [...optionsOf(before!), '--storage']
    const used = [...examples.matchAll(/ (--[a-z-]+)/g)].map(([, option]) => option!)
    expect({ name, strange: used.filter((option) => !known.includes(option)) }).toEqual({
      name,
      strange: [],
    })
  }
})

test('docs/cli.md has every option of every command', () => {
  const missing = commands.flatMap(({ name, help }) =>
    optionsOf(help)
      .filter((option) => option !== '--help' && !chapterOf(name).includes(option))
      .map((option) => `${name} ${option}`),
  )
  expect(missing).toEqual([])
})

test('docs/cli.md has no option that there is not', () => {
  const own = commands.flatMap(({ help }) => optionsOf(help))
  const known = new Set([...own, '--storage', '--verbose'])
  const named = [...page.matchAll(/(?<![\w-])(--[a-z][a-z-]+)/g)].map(([, option]) => option!)
  expect(named.length).toBeGreaterThan(50)
  expect(named.filter((option) => !known.has(option))).toEqual([])
})

describe('progress', () => {
  /** Standard error of a shell command that has a terminal, where `script` can make one. */
  async function onTerminal(command: string): Promise<string | undefined> {
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      env: { ...process.env, NODE: process.execPath, MAIN: COMMAND },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let seen = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      seen += text
    })
    const [code] = await once(child, 'close').catch(() => [undefined])
    if (code === undefined) {
      process.stderr.write('NOT RUN (no `script` for a terminal): progress bars\n')
      return undefined
    }
    expect({ code, seen }).toEqual({ code: 0, seen })
    return seen
  }

  const HIDDEN_CURSOR = '\u001b[?25l'
  const input = join(directory, 'rows.csv')
  const out = join(directory, 'seg')

  test('is shown on a terminal, and nothing of it in a pipe', async () => {
    writeFileSync(input, 'id,title\n1,one\n2,two\n')
    const run = '"$NODE" "$MAIN"'
    const shown = [
      await onTerminal(`${run} write ${input} --out ${out} > ${out}.txt`),
      await onTerminal(`${run} verify ${out} > ${out}.txt`),
      await onTerminal(`${run} cat ${out} > ${out}.txt`),
    ]
    for (const text of shown) {
      if (text !== undefined) expect(text).toContain(HIDDEN_CURSOR)
    }
    // Where rows are on the terminal themselves, nothing is drawn between them.
    const rows = await onTerminal(`${run} cat ${out}`)
    if (rows !== undefined) expect(rows).not.toContain(HIDDEN_CURSOR)
    const replace = ['--if-exists', 'replace']
    // Asserts that nothing is on standard error.
    await packedOutput(['write', input, '--out', out, ...replace])
    expect(await packedOutput(['verify', out])).toBe('OK: 1 file, 2 rows\n')
  })
})
