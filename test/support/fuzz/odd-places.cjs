/** Paths that are no readable files: each has to be refused at once, by every reader. */
const { spawnSync } = require('node:child_process')
const fs = require('node:fs')
const { createServer } = require('node:net')
const { tmpdir } = require('node:os')
const { basename, dirname, join } = require('node:path')
const library = require('../packed.cjs')
const { keyRetriever } = require('./packed-doors.cjs')

/** A process has these where everybody may read nothing: nobody's. */
const NOBODY = 65534

const chunksOf = (path) => new library.LocalChunkManager({ rootPath: dirname(path) })

/** Read a file that is the only one. */
async function readAlone(path, options = {}) {
  const reader = await library.PackedReader.open({ paths: [path], keyRetriever, ...options })
  await reader.close()
}

const READERS = {
  read: (path) => readAlone(path),
  mmap: (path) => readAlone(path, { mmap: true }),
  inspect: (path) => library.inspectFile(path),
  chunk: (path) => chunksOf(path).read(basename(path)),
  stream: async (path) => {
    for await (const _ of chunksOf(path).readStream(basename(path)));
  },
  map: (path) => chunksOf(path).mmap(basename(path)),
  binlog: (path) => library.readBinlog(chunksOf(path), basename(path)),
  deletes: (path) => library.readDeleteLog(chunksOf(path), basename(path)),
  terms: (path) => library.readBm25Log(chunksOf(path), basename(path)),
}

async function listening(path) {
  const server = createServer()
  await new Promise((resolve) => server.listen(path, resolve))
  return server
}

function lockedCopy(path, at) {
  fs.copyFileSync(path, at)
  fs.chmodSync(at, 0)
  return at
}

/** Root may read everything, so that it is somebody else for so long. */
async function asNobody(use) {
  const root = process.geteuid() === 0
  if (root) process.seteuid(NOBODY)
  try {
    return await use()
  } finally {
    if (root) process.seteuid(0)
  }
}

/** Kinds of places and where they are. */
function makePlaces(whole, directory) {
  const at = (name) => join(directory, name)
  spawnSync('mkfifo', [at('fifo')])
  fs.symlinkSync(at('loop'), at('loop'))
  fs.symlinkSync(at('nowhere'), at('dangling'))
  return {
    directory,
    missing: at('missing'),
    'below a file': join(whole, 'below'),
    FIFO: at('fifo'),
    'device of zeros': '/dev/zero',
    'device of nothing': '/dev/null',
    'link to itself': at('loop'),
    'link to nothing': at('dangling'),
    'file of the kernel': '/proc/self/status',
    'name too long': at('x'.repeat(300)),
  }
}

/** `{ place, outcomes }` of each, */
async function* checkPlaces(subject, directory, outcomeOf) {
  const [whole] = subject.paths
  const places = Object.entries(makePlaces(whole, directory))
  // The path of a socket has a hundred bytes at most.
  const short = fs.mkdtempSync(join(tmpdir(), 'packed-'))
  const server = await listening(join(short, 'socket'))
  places.push(['socket', join(short, 'socket')])
  const check = async (place, path) => {
    const outcomes = {}
    for (const [name, read] of Object.entries(READERS)) {
      outcomes[name] = await outcomeOf(async () => read(path), { place, reader: name })
    }
    return { place, outcomes }
  }
  for (const [place, path] of places) yield await check(place, path)
  server.close()
  fs.rmSync(short, { recursive: true, force: true })
  const locked = lockedCopy(whole, join(directory, 'locked'))
  yield await asNobody(() => check('no permission', locked))
}

module.exports = { checkPlaces }
