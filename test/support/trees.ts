/** Trees of their own for the tests of one file. */
import { join } from 'node:path'
import { LocalChunkManager } from '../../lib/storage/index.js'
import { temporaryDirectory } from './temporary.js'

/** Names that nothing has yet, below a directory that goes when the tests of the file are done. */
export function freshTrees(name: string) {
  const directory = temporaryDirectory(name)
  let trees = 0
  const tree = () => join(directory, String(trees++))
  const local = () => new LocalChunkManager({ rootPath: tree() })
  return { directory, tree, local }
}
