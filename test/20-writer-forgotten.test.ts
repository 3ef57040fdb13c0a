import { outcomeOf, startScript } from './support/child.js'
import { temporaryDirectory } from './support/temporary.js'

const directory = temporaryDirectory('forgotten')

test('a forgotten writer removes its files when it is collected, and says so', async () => {
  const child = startScript('forget-writer.cjs', [directory])
  const { code, lines } = await outcomeOf(child, 30_000)
  expect(code).toBe(0)
  expect(lines).toEqual([{ before: 1, after: 0, warning: 'ARROW_PACKED_UNCLOSED', listeners: 0 }])
})
