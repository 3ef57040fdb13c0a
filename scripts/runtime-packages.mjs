// The packages that a user of this one needs: `dependencies` and all below them, as they are
// installed, found as Node finds them.
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const read = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))

/** The folder of `name` as seen from `from`, a path below `root`; undefined if it is not there. */
function find(root, from, name) {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(join(root, candidate, 'package.json'))) return candidate
    if (folder === '.') return undefined
  }
}

/**
 * Paths of the packages below `root`, in order, `node_modules/...`; those for other platforms are
 * not there and left out.
 *
 * @param root folder of a package with its node_modules.
 * @param names the packages to begin with; by default the `dependencies` of `root`.
 * @throws if one that is not optional is missing.
 */
export function runtimePackages(root, names = Object.keys(read(root).dependencies)) {
  const found = new Set()
  const visit = (from, name, optional) => {
    const path = find(root, from, name)
    if (path === undefined) {
      if (optional) return
      throw new Error(`Expected ${name}, which ${from} needs, in ${root} but it is not installed`)
    }
    if (found.has(path)) return
    found.add(path)
    const { dependencies = {}, optionalDependencies = {} } = read(join(root, path))
    for (const next of Object.keys({ ...dependencies, ...optionalDependencies })) {
      visit(path, next, next in optionalDependencies)
    }
  }
  for (const name of names) visit('.', name, false)
  return [...found].sort()
}
