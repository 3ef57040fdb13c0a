import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

/** A process that has the write transaction of a metadata store, for so long unless it is killed. */
export async function holdStore(directory: string, milliseconds: number): Promise<ChildProcess> {
  const script = join(__dirname, 'hold-store.cjs')
  const child = spawn(process.execPath, [script, directory, String(milliseconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  if (!line.toString().startsWith('"held"')) throw new Error(`Expected "held", not ${line}`)
  return child
}
