/** The rounds: every peer on every data set, in turns, each operation in a process of its own. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Random } from '../datasets/random.mjs'
import { PEERS } from '../peers/registry.mjs'
import { load } from './machine.mjs'
import { runJob } from './process.mjs'
import { inTemporaryFolder } from './temporary.mjs'

const TAKEN_ROWS = 1000

function bytesBelow(path) {
  const stat = statSync(path)
  if (!stat.isDirectory()) return stat.size
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0)
}

/** Out of the page cache, so that the first read comes from the disk. */
function evict(path) {
  if (statSync(path).isDirectory()) {
    for (const name of readdirSync(path)) evict(join(path, name))
    return
  }
  const args = [`of=${path}`, 'count=0', 'conv=notrunc,fdatasync', 'oflag=nocache', 'status=none']
  spawnSync('dd', ['if=/dev/null', ...args])
}

/** Rows in no order, none twice, as LanceDB gives each row once. */
function rowsToTake(dataset) {
  const random = new Random(`take ${dataset.name}`)
  const rows = new Set()
  while (rows.size < Math.min(TAKEN_ROWS, dataset.rows)) rows.add(random.below(dataset.rows))
  return [...rows]
}

function filesFor({ groups, columns, projection }, form, operation, directory) {
  const lists = form === 'single' ? [columns] : groups
  return lists
    .map((names, index) => ({
      path: join(directory, `${index}.parquet`),
      columns:
        operation === 'projected' ? names.filter((name) => projection.includes(name)) : names,
    }))
    .filter((file) => file.columns.length > 0)
}

function expectedRows(dataset, operation, rows) {
  if (operation === 'take') return rows === Math.min(TAKEN_ROWS, dataset.rows)
  if (operation === 'first-batch') return rows > 0 && rows <= dataset.rows
  return rows === dataset.rows
}

/** Runs the rounds; what came of it is in `samples`, `unsupported` and `failures`. */
export class Rounds {
  samples = []
  unsupported = []
  failures = []
  versions = {}
  #options
  #report

  /** `report(line)` is told what happens. */
  constructor(options, report) {
    this.#options = options
    this.#report = report
  }

  async run(datasets) {
    const { rounds, place: places, files: forms } = this.#options
    for (let round = 0; round < rounds; round++) {
      for (const place of places) {
        for (const dataset of datasets) {
          for (const form of forms) await this.#turns({ round, place, dataset, form })
        }
      }
    }
  }

  /** Every peer once, another one first in every round. */
  async #turns(cell) {
    const withVectors = cell.dataset.columns.includes('embedding')
    const all = Object.entries(this.#options.peers)
    const peers = all.filter(([, { onlyVectors }]) => withVectors || !onlyVectors)
    const first = cell.round % peers.length
    for (const [name, peer] of [...peers.slice(first), ...peers.slice(0, first)]) {
      await inTemporaryFolder(cell.place, (folder) =>
        this.#peer({ ...cell, name, peer, directory: join(folder, 'files') }),
      )
    }
  }

  /** A write, then what can be done with what it wrote. */
  async #peer(turn) {
    const { operations, verify } = this.#options
    const writes = operations.includes('write') && !turn.peer.readsOnly
    mkdirSync(turn.directory)
    if (!(await this.#operation(turn, 'write', writes))) return
    if (verify && turn.peer.parquet !== false) await this.#verify(turn)
    for (const operation of operations) {
      if (operation === 'write') continue
      if (turn.place === 'disk') evict(turn.directory)
      await this.#operation(turn, operation, true)
    }
  }

  #job({ dataset, form, peer, directory }, operation) {
    const { level, threads, repetitions } = this.#options
    return {
      operation,
      data: dataset.path,
      reference: join(dirname(dataset.path), 'reference.parquet'),
      directory,
      files: filesFor(dataset, form, operation, directory),
      projection: dataset.projection,
      rows: dataset.rows,
      take: operation === 'take' ? rowsToTake(dataset) : [],
      repetitions,
      level,
      threads,
      variant: peer.variant ?? 'plain',
      settings: peer.settings ?? {},
    }
  }

  /** Whether it worked; `recorded` is false for a write that only makes the files to read. */
  async #operation(turn, operation, recorded) {
    const { round, place, dataset, form, name, peer } = turn
    const cell = { round, place, dataset: dataset.name, files: form, peer: name, operation }
    const job = this.#job(turn, operation)
    if (!recorded) job.repetitions = 1
    try {
      if (peer.reference && operation === 'write') await this.#makeReference(job)
      const answers = await runJob(peer, job, this.#options.timeoutMs)
      const refusal = answers.find((answer) => answer.unsupported)
      if (refusal !== undefined) return this.#refused(cell, refusal.unsupported)
      Object.assign(this.versions, answers.shift()?.ready)
      this.#check(turn, operation, job, answers)
      if (recorded) this.#record(cell, answers, bytesBelow(turn.directory))
      return true
    } catch (error) {
      this.failures.push({ ...cell, reason: error.message })
      this.#report(
        `${place} ${dataset.name} ${form} ${name} ${operation}: FAILED, ${error.message}`,
      )
      return false
    }
  }

  #refused(cell, reason) {
    const known = ({ peer, operation, dataset }) =>
      peer === cell.peer && operation === cell.operation && dataset === cell.dataset
    if (!this.unsupported.some(known)) this.unsupported.push({ ...cell, reason })
    return false
  }

  #check({ dataset }, operation, job, answers) {
    if (answers.length !== job.repetitions) {
      throw new Error(`Expected ${job.repetitions} repetitions but received ${answers.length}`)
    }
    const wrong = answers.find(({ rows }) => !expectedRows(dataset, operation, rows))
    if (wrong) throw new Error(`Expected the rows of ${operation} but received ${wrong.rows}`)
  }

  #record(cell, answers, fileBytes) {
    for (const [repetition, answer] of answers.entries()) {
      this.samples.push({ ...cell, repetition, ...answer, fileBytes, load: load() })
    }
    const times = answers.map(({ seconds }) => (1000 * seconds).toFixed(1)).join(' ')
    const { round, place, dataset, files, peer, operation } = cell
    this.#report(`${round} ${place} ${dataset} ${files} ${peer} ${operation}: ${times} ms`)
  }

  /** The data as Parquet, once per data set. */
  async #makeReference(job) {
    if (existsSync(job.reference)) return
    const columns = job.files.flatMap((file) => file.columns)
    const files = [{ path: job.reference, columns }]
    const request = { ...job, files, operation: 'write', variant: 'reference', repetitions: 1 }
    await runJob(PEERS.pyarrow, request, this.#options.timeoutMs)
  }

  /** What a peer wrote, column by column, against the data. */
  async #verify(turn) {
    const { place, dataset, form, name } = turn
    const cell = { round: turn.round, place, dataset: dataset.name, files: form, peer: name }
    const job = { ...this.#job(turn, 'verify'), repetitions: 1 }
    try {
      await runJob(PEERS.pyarrow, job, this.#options.timeoutMs)
    } catch (error) {
      this.failures.push({ ...cell, operation: 'verify', reason: error.message })
      this.#report(`${dataset.name} ${form} ${name} verify: FAILED, ${error.message}`)
    }
  }
}
