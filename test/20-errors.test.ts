import vm from 'node:vm'
import { isPackedError, PACKED_ERROR_CODES, PackedError } from '../lib/index.js'
import { callSync } from '../lib/native/index.js'

describe('PackedError', () => {
  test('carries code, path, field and cause', () => {
    const cause = new Error('disk')
    const error = new PackedError('NoSpace', 'no room', { path: 'seg/0', field: 'id', cause })
    expect(error).toMatchObject({
      name: 'PackedError',
      code: 'NoSpace',
      path: 'seg/0',
      field: 'id',
    })
    expect(error.cause).toBe(cause)
    expect(error.message).toBe('no room')
    expect(JSON.parse(JSON.stringify(error))).toEqual({
      name: 'PackedError',
      code: 'NoSpace',
      message: 'no room',
      retryable: true,
      path: 'seg/0',
      field: 'id',
      cause: 'Error: disk',
    })
  })

  test('is recognised by its brand, not by its class', () => {
    const error = new PackedError('Closed', 'x')
    const foreign = vm.runInNewContext("({ [Symbol.for('arrow-packed.PackedError')]: true })")
    expect(isPackedError(error)).toBe(true)
    expect(isPackedError(foreign)).toBe(true)
    expect(isPackedError(new Error('x'))).toBe(false)
    expect(isPackedError(null)).toBe(false)
    expect(isPackedError('Closed')).toBe(false)
  })

  test('takes the stack of the call, and unknown native codes are Internal', () => {
    const site = { stack: 'Error\n    at caller (app.js:1:1)' }
    const error = PackedError.fromNative({ code: 'Odd', message: 'm' }, site)
    expect(error.code).toBe('Internal')
    expect(error.stack).toBe('PackedError: m\n    at caller (app.js:1:1)')
  })

  test('has exactly the codes of the native table', () => {
    const table = callSync((addon) => addon.errorCodes()).filter(({ name }) => name !== 'Ok')
    expect(table.map(({ name }) => name)).toEqual([...PACKED_ERROR_CODES])
    for (const { name, retryable } of table) {
      const code = PACKED_ERROR_CODES.find((candidate) => candidate === name)!
      expect(new PackedError(code, '').retryable).toBe(retryable)
    }
  })
})
