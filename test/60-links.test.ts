/** Links between the Markdown pages lead somewhere, every page is found, every example is run. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, extname, join, normalize } from 'node:path'

const ROOT = join(__dirname, '..')
const SKIPPED = new Set(['node_modules', 'build', 'dist', '.git', 'prebuilds'])

/** Markdown files below a folder, by their paths from the root. */
function pagesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : pagesBelow(path)
    return extname(entry.name) === '.md' ? [path] : []
  })
}

/** The text without blocks of code, in which brackets are no links. */
const textOf = (page: string) =>
  readFileSync(join(ROOT, page), 'utf8').replace(/^```[\s\S]*?^```$/gm, '')

/** Targets of the links of a page that are files of the repository or places in them. */
function linksOf(page: string): string[] {
  const targets = [...textOf(page).matchAll(/\]\(([^()\s]+)\)/g)].map((match) => match[1]!)
  return targets.filter((target) => !/^[a-z]+:/.test(target))
}

/** Anchors of the headings, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>()
  const headings = [...textOf(page).matchAll(/^#{1,6} (.+)$/gm)].map((match) => match[1]!)
  return new Set(
    headings.map((heading) => {
      const text = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
      const slug = text.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-')
      const count = seen.get(slug) ?? 0
      seen.set(slug, count + 1)
      return count === 0 ? slug : `${slug}-${count}`
    }),
  )
}

const resolveFrom = (page: string, file: string) =>
  file === '' ? page : normalize(join(dirname(page), file))

/** Why a link leads nowhere, or undefined. */
function deadEnd(page: string, link: string): string | undefined {
  const [file, anchor] = link.split('#') as [string, string | undefined]
  const target = resolveFrom(page, file)
  if (!existsSync(join(ROOT, target))) return `${page}: ${link}: no such file`
  if (anchor === undefined || extname(target) !== '.md') return undefined
  return anchorsOf(target).has(anchor) ? undefined : `${page}: ${link}: no such heading`
}

const pages = pagesBelow('.')

test('every relative link of every page leads to a file, and to a heading of it', () => {
  const links = pages.flatMap((page) => linksOf(page).map((link) => [page, link] as const))
  expect(links.length).toBeGreaterThan(50)
  expect(links.map(([page, link]) => deadEnd(page, link)).filter(Boolean)).toEqual([])
})

test('a link to nowhere is found', () => {
  expect(deadEnd('README.md', 'docs/nothing.md')).toBe('README.md: docs/nothing.md: no such file')
  expect(deadEnd('README.md', 'docs/cli.md#nowhere')).toMatch(/no such heading$/)
  expect(deadEnd('docs/cli.md', '../README.md#what-it-is')).toBeUndefined()
})

test('the README leads to every page', () => {
  const linked = new Set(linksOf('README.md').map((link) => normalize(link.split('#')[0]!)))
  const named = pages.filter((page) => dirname(page) === 'docs' || dirname(page) === '.')
  expect(named.filter((page) => page !== 'README.md' && !linked.has(page))).toEqual([])
})

test('every example is run by a test or by the quickstart', () => {
  const inFolder = (folder: string) =>
    readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`)
  const examples = [...inFolder('examples'), ...inFolder('examples/join')].filter((path) =>
    statSync(join(ROOT, path)).isFile(),
  )
  const sources = ['test', 'scripts']
    .flatMap(inFolder)
    .filter((path) => /\.ts$|quickstart$/.test(path))
  const runs = sources.map((path) => readFileSync(join(ROOT, path), 'utf8')).join('\n')
  expect(examples.length).toBeGreaterThan(8)
  const joins = /join\(ROOT, 'examples\/join'/
  const isRun = (path: string) => {
    return runs.includes(path) || (path.startsWith('examples/join/') && joins.test(runs))
  }
  expect(examples.filter((path) => !isRun(path))).toEqual([])
})
