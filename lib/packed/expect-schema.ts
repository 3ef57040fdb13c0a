import type { Schema } from 'apache-arrow'
import { unexpected } from '../config/index.js'

/** An apache-arrow Schema by its shape: another copy of the library makes another class. */
export function expectSchema(value: unknown, name: string): Schema {
  const schema = value as Schema | null | undefined
  if (typeof schema === 'object' && schema !== null && Array.isArray(schema.fields)) return schema
  throw unexpected('an apache-arrow Schema', name, value)
}
