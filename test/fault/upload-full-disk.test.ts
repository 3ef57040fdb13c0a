/** A spool on a disk that is full: the writer fails, and leaves neither files nor an object. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { openObjectStore } from '../../lib/index.js'
import { outcomeOf, startScript } from '../support/child.js'
import { describeWithServers, startVersitygw, storageAt } from '../support/object-servers.js'
import { openUploadsAt } from '../support/remote-writing.js'
import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory('upload-full')
const KEY = 'full/large'

describeWithServers('a spool', () => {
  test('on a full disk ends in NoSpace, with nothing left', async () => {
    const server = await startVersitygw(join(directory, 'server'))
    const storage = storageAt(server.port, { rootPath: 'full' })
    const spool = join(directory, 'spool')
    try {
      // A bound on the size of files stands for the end of the disk; in KiB.
      const shell = "trap '' XFSZ; ulimit -f 20480"
      const child = startScript('upload-until-killed.cjs', [JSON.stringify(storage), spool, '64'], {
        shell,
      })
      const { code, lines } = await outcomeOf(child, 60_000)
      expect(code).toBe(0)
      expect(lines).toEqual([{ code: 'NoSpace', message: expect.stringContaining(spool) }])
      expect(readdirSync(spool)).toEqual([])
      const store = await openObjectStore(storage)
      await expect(store.head(KEY)).rejects.toMatchObject({ code: 'NotFound' })
      expect(await openUploadsAt(storage, KEY)).toEqual([])
    } finally {
      await server.stop()
    }
  }, 90_000)
})
