/** Runs the built `packed` command as a user does. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export const COMMAND = join(__dirname, '..', '..', 'dist', 'cjs', 'cli', 'main.js')

export interface Ran {
  code: number | null
  stdout: Buffer
  stderr: string
}

/** `packed <args>` with `input` on its standard input and `env` beside ours, to its end. */
export function packed(
  args: readonly string[],
  input: string | Uint8Array = '',
  env: Record<string, string> = {},
): Promise<Ran> {
  if (!existsSync(COMMAND)) throw new Error('Expected dist/ for the command: run `npm run build`')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [COMMAND, ...args], { env: { ...process.env, ...env } })
    const stdout: Buffer[] = []
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk
    })
    child.stdin.on('error', () => {}) // a command that fails early does not read it
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, stdout: Buffer.concat(stdout), stderr }))
    child.stdin.end(input)
  })
}

/** Standard output of a run that has to succeed in silence. */
export async function packedOutput(
  args: readonly string[],
  input?: string,
  env?: Record<string, string>,
): Promise<string> {
  const { code, stdout, stderr } = await packed(args, input, env)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout.toString('utf8')
}

/** A command that does something, by its name below `packed`, and what its `--help` prints. */
export interface HelpOfCommand {
  name: string
  help: string
}

/** Every command as `--help` names it, those of commands included. */
export async function everyCommand(above = ''): Promise<HelpOfCommand[]> {
  const words = above === '' ? [] : above.split(' ')
  const help = await packedOutput([...words, '--help'])
  const [, list] = /^Commands:\n((?: {2}.*\n)+)/m.exec(help) ?? []
  if (list === undefined) return [{ name: above, help }]
  const names = [...list.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name!)
  const below = names.filter((name) => name !== 'help').map((name) => [...words, name].join(' '))
  return (await Promise.all(below.map((name) => everyCommand(name)))).flat()
}
