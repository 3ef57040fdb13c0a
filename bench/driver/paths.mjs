/** Where everything is. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const BENCH = join(ROOT, 'bench')
/** Made by a run: data sets, the files of peers on disk, results. */
export const HOME = join(ROOT, 'build', 'bench')
export const DATA = join(HOME, 'data')
/** What is installed and built for the peers. */
export const INSTALLED = join(ROOT, 'build', 'bench-peers')
