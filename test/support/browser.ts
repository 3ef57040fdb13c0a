/** Whether pages can be looked at here. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

const TIMEOUT_MS = 60_000

/** Why there is no browser; undefined where there is one. */
export const noBrowser: string | undefined = reason()

function reason(): string | undefined {
  const { status, stderr, error } = spawnSync(
    process.execPath,
    [join(__dirname, 'headless-chromium.mjs')],
    {
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    },
  )
  if (status === 0) return undefined
  const said = /^.*(?:Error|error)[^\n]*$/m.exec(stderr)?.[0] ?? stderr.trim().slice(0, 200)
  return `no browser starts here: ${error?.message ?? said}`
}
