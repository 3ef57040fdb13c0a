/** node two-copies.cjs <addon>: the same addon loaded twice, as two versions of a package would. */
const [file] = process.argv.slice(2)

function load() {
  const module = { exports: {} }
  process.dlopen(module, file)
  return module.exports
}

const done = (addon) => (error) => {
  const { pending, lentBytes } = addon.memoryUsage()
  process.stdout.write(`${JSON.stringify({ code: error.code, pending, lentBytes })}\n`)
}

const [first, second] = [load(), load()]
const storage = { storageType: 'local' }
first.inspectFile(storage, '/nowhere/at/all', [], done(first))
first.inspectFile(storage, '/nowhere/at/all', [], done(first))
second.inspectFile(storage, '/nowhere/at/all', [], done(second))
const pending = [first, second].map((addon) => addon.memoryUsage().pending)
const flag = first.newCancel()
second.cancel(flag)
process.stdout.write(`${JSON.stringify({ separate: first !== second, pending })}\n`)
