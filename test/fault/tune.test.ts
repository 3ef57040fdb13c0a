/** Tuning on a disk without room, and in a thread that is ended: what is left, and what is not. */
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { memoryUsage, tuneFiles } from '../../lib/index.js'
import { rejection } from '../support/rejection.js'
import { mountSmallDisk } from '../support/small-disk.js'
import { filesBelow, temporaryDirectory } from '../support/temporary.js'
import { sampleSegment } from '../support/tune.js'

const directory = temporaryDirectory('tune-faults')
let paths: string[]

beforeAll(async () => {
  paths = (await sampleSegment(join(directory, 'segment'), 200_000)).paths
})

test('a full disk is NoSpace, and the files are removed', async () => {
  const disk = mountSmallDisk(join(directory, 'disk'), 2)
  if (disk === undefined) return
  try {
    expect((await rejection(() => tuneFiles({ paths, scratch: disk.home }))).code).toBe('NoSpace')
    expect(filesBelow(disk.home)).toEqual([])
    // One trial's files fit, all of them would not.
    const small = { paths, scratch: disk.home, rows: 30_000, rounds: 1 }
    expect((await tuneFiles(small)).trials.length).toBeGreaterThan(5)
    expect(filesBelow(disk.home)).toEqual([])
  } finally {
    disk.unmount()
  }
})

test('terminate() in the middle: memory comes back, only files of the scratch folder stay', async () => {
  const before = memoryUsage().poolBytes
  const scratch = join(directory, 'scratch')
  mkdirSync(scratch)
  for (let round = 0; round < 6; round++) {
    const worker = new Worker(join(__dirname, '../support/tune-forever.cjs'), {
      workerData: { paths, scratch },
    })
    await once(worker, 'message')
    await sleep(7 * round)
    expect(await worker.terminate()).toBe(1)
  }
  for (let i = 0; i < 500 && memoryUsage().poolBytes > before; i++) await sleep(10)
  expect(memoryUsage().poolBytes).toBeLessThanOrEqual(before)
  // At most what one trial had published: nothing half-written.
  const left = filesBelow(scratch)
  expect(left.filter((file) => !/arrow-packed-tune-\w+\/[01]$/.test(file))).toEqual([])
})
