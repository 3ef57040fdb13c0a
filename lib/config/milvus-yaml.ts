import { LineCounter, parseDocument } from 'yaml'
import { PackedError } from '../errors/index.js'
import { unexpected } from './expect.js'

/** The keys that lead to a value; `a.b` is the key `b` below `a`, however it is written. */
export type YamlPath = readonly string[]

/**
 * Every value of a `milvus.yaml`, with its path: texts, lists and empty maps.
 *
 * @throws PackedError InvalidArgument, with the line where it is no YAML; never with the text.
 */
export function milvusYaml(text: string): [path: YamlPath, value: unknown][] {
  if (typeof text !== 'string') throw unexpected('text', 'milvus.yaml', text)
  const lines = new LineCounter()
  // Every scalar is a text to Milvus: a key of digits must not become a number.
  const document = parseDocument(text, { schema: 'failsafe', lineCounter: lines })
  const [error] = document.errors
  if (error !== undefined) {
    throw refused(`${error.code} in line ${lines.linePos(error.pos[0]).line}`)
  }
  return [...valuesBelow(contentOf(document), [], new Set())]
}

/** The error of an alias without its anchor would quote the alias. */
function contentOf(document: { toJS(): unknown }): unknown {
  try {
    return document.toJS()
  } catch {
    throw refused('an alias that cannot be resolved')
  }
}

function* valuesBelow(
  value: unknown,
  path: YamlPath,
  above: Set<object>,
): Generator<[YamlPath, unknown]> {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (!isMap || Object.keys(value).length === 0) {
    yield [path, value]
    return
  }
  if (above.has(value)) throw refused('an alias inside of its own anchor')
  above.add(value)
  for (const [key, item] of Object.entries(value)) {
    yield* valuesBelow(item, [...path, ...key.split('.')], above)
  }
  above.delete(value)
}

function refused(received: string): PackedError {
  return new PackedError(
    'InvalidArgument',
    `Expected YAML for milvus.yaml but received ${received}`,
  )
}
