/** The code blocks of a page, and what the compiler says of them. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const ROOT = join(__dirname, '..', '..')

export function readPage(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8')
}

/** The blocks of one language, in order. */
export function blocksOf(page: string, language: 'ts' | 'sh' | 'text' | 'python'): string[] {
  const block = new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm')
  return [...page.matchAll(block)].map((match) => match[1]!)
}

/** What tsc prints about a program against the built package; `directory` is below build/test. */
export function typeErrors(directory: string, code: string): string {
  writeFileSync(join(directory, 'example.mts'), code)
  const settings = {
    extends: '../../../tsconfig.examples.json',
    compilerOptions: { noEmit: true, rootDir: '.' },
    include: ['example.mts'],
  }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(settings))
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc')
  const run = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' })
  return run.status === 0 ? run.stdout : `${run.stdout}${run.stderr}failed: ${run.status}`
}

/** What a program prints; without a single annotation it is JavaScript, and needs no compiler. */
export function outputOf(
  directory: string,
  code: string,
  cwd = directory,
  env: Record<string, string> = {},
): string {
  const path = join(directory, 'example.mjs')
  writeFileSync(path, code)
  const run = spawnSync(process.execPath, [path], {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  })
  if (run.status !== 0) throw new Error(`Expected an end without errors but got ${run.stderr}`)
  return run.stdout
}
