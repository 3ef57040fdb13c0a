/** No room: a NoSpace error that names the file, and nothing left behind. */
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { outcomeOf, startScript } from '../support/child.js'
import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory('full')

async function writeInto(
  home: string,
  mebibytes: number,
  { shell, quantize }: { shell?: string; quantize?: boolean } = {},
): Promise<unknown> {
  const options = shell === undefined ? {} : { shell }
  const args = [home, String(mebibytes), ...(quantize === true ? ['quantize'] : [])]
  const child = startScript('write-until-full.cjs', args, options)
  const { code, lines } = await outcomeOf(child, 60_000)
  expect(code).toBe(0)
  return lines[0]
}

/** SIGXFSZ ignored: the write then fails with EFBIG instead of killing the process. */
const LIMIT = 'trap "" XFSZ; ulimit -f 2048'

const noSpace = (home: string) => ({
  ended: {
    name: 'PackedError',
    code: 'NoSpace',
    path: join(home, 'deep', 'noise'),
    retryable: true,
  },
  later: expect.objectContaining({ name: 'PackedError', code: 'Closed' }),
  files: [],
})

test('a file size limit (2 MiB) ends in NoSpace and leaves nothing', async () => {
  const home = join(directory, 'limit')
  mkdirSync(home)
  expect(await writeInto(home, 8, { shell: LIMIT })).toEqual(noSpace(home))
})

test('so does a write of codes of vectors, once they are as many', async () => {
  const home = join(directory, 'quantized')
  mkdirSync(home)
  expect(await writeInto(home, 16, { shell: LIMIT, quantize: true })).toEqual(noSpace(home))
  expect(await writeInto(home, 4, { shell: LIMIT, quantize: true })).toMatchObject({ ended: null })
})

test('the same write without the limit succeeds', async () => {
  const home = join(directory, 'room')
  mkdirSync(home)
  expect(await writeInto(home, 8)).toEqual({
    ended: null,
    later: null,
    files: ['deep', join('deep', 'noise')],
  })
})

test('a full file system (4 MiB tmpfs, where it may be mounted) does the same', async () => {
  const home = join(directory, 'tmpfs')
  mkdirSync(home)
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', home])
  if (mounted.status !== 0) {
    process.stderr.write(`NOT RUN (cannot mount a tmpfs: ${mounted.stderr}): full file system\n`)
    return
  }
  try {
    expect(await writeInto(home, 8)).toEqual(noSpace(home))
  } finally {
    spawnSync('umount', [home])
  }
})
