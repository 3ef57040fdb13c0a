// Fails when a numbered rule of a page does not name a test, or names one that is not there.
//
//   node scripts/check-proofs.mjs docs/ownership.md docs/format-cases.md
//
// A rule is a line that starts with its number ("3." or "### 3.2"); it holds, before the next
// one, at least one:  Proved by: test/40-workers.test.ts "name of the test", "another"
import { existsSync, readFileSync } from 'node:fs'

const root = new URL('../', import.meta.url)

/** Rules as { number, text }, in page order. */
function readRules(text) {
  const start = /^(?:#+ +|[*-] +)?(?:\*\*)?(\d+(?:\.\d+)*)[.)]?(?:\*\*)? +\S/gm
  const starts = [...text.matchAll(start)]
  return starts.map((match, i) => ({
    number: match[1],
    text: text.slice(match.index, starts[i + 1]?.index),
  }))
}

/** Every test that a rule names, as { file, name }. */
function readProofs(text) {
  return [...text.matchAll(/Proved by:([\s\S]*?)(?=Proved by:|\n\s*\n|$)/g)].flatMap(
    ([, proof]) => {
      const parts = proof.replace(/\s+/g, ' ').matchAll(/((?:cpp\/)?test\/[\w./-]+)|"([^"]+)"/g)
      let file
      const found = []
      for (const [, path, name] of parts) {
        if (path) file = path
        else found.push({ file, name })
      }
      return found
    },
  )
}

function problemOf({ file, name }) {
  if (!file) return `"${name}" has no file before it`
  const url = new URL(file, root)
  if (!existsSync(url)) return `there is no ${file}`
  const tests = readFileSync(url, 'utf8').replace(/\\(['"`])/g, '$1')
  return tests.includes(name) ? undefined : `${file} has no test "${name}"`
}

/** What is wrong with a page, a line each. */
function problemsOf(page) {
  const rules = readRules(readFileSync(new URL(page, root), 'utf8'))
  const problems = rules.length === 0 ? ['no numbered rule'] : []
  for (const rule of rules) {
    const proofs = readProofs(rule.text)
    // A rule with sub-rules is proved by them.
    const isHeading = rules.some((other) => other.number.startsWith(`${rule.number}.`))
    if (proofs.length === 0 && !isHeading) problems.push(`rule ${rule.number} names no test`)
    for (const proof of proofs) {
      const problem = problemOf(proof)
      if (problem) problems.push(`rule ${rule.number}: ${problem}`)
    }
  }
  console.log(`${page}: ${rules.length} rules, ${problems.length} problems`)
  return problems.map((problem) => `${page}: ${problem}`)
}

const problems = process.argv.slice(2).flatMap(problemsOf)
for (const problem of problems) console.error(problem)
process.exitCode = problems.length > 0 || process.argv.length < 3 ? 1 : 0
