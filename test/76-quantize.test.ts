/** Vectors as codes of 8 bits in memory, and back. */
import { dequantizeVectors, quantizeVectors } from '../lib/index.js'
import { QUANTIZED_DIM, vectorNumbers } from './support/quantized.js'
import { rejection } from './support/rejection.js'

const { fround } = Math

/** A quotient rounded to float32, then to an integer: ties go to the even one. */
function codeOf(value: number, scale: number): number {
  if (scale === 0) return 0
  const quotient = fround(value / scale)
  const below = Math.floor(quotient)
  if (quotient - below === 0.5) return below % 2 === 0 ? below : below + 1
  return Math.round(quotient)
}

/** The definition, one number after the other. */
function slowly(values: Float32Array, dim: number, scaleOf: (row: number) => number) {
  const codes = new Int8Array(values.length)
  const decoded = new Float32Array(values.length)
  let maxError = 0
  values.forEach((value, i) => {
    const scale = scaleOf(Math.floor(i / dim))
    codes[i] = codeOf(value, scale)
    decoded[i] = fround(codes[i]! * scale)
    maxError = Math.max(maxError, Math.abs(value - decoded[i]!))
  })
  return { codes, decoded, maxError }
}

function detach({ buffer }: Float32Array): void {
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] })
}

const largest = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

describe('vectors in memory', () => {
  test.each([1, 40, 3000])('%d rows have a scale each', async (rows) => {
    const values = vectorNumbers(rows)
    const quantized = await quantizeVectors({ values, dim: QUANTIZED_DIM })
    const scales = Float32Array.from({ length: rows }, (_, row) => {
      const vector = values.subarray(row * QUANTIZED_DIM, (row + 1) * QUANTIZED_DIM)
      return largest(vector) / 127
    })
    const expected = slowly(values, QUANTIZED_DIM, (row) => scales[row]!)
    expect(quantized).toEqual({
      codes: expected.codes,
      dim: QUANTIZED_DIM,
      scales,
      maxError: expected.maxError,
    })
    expect(await dequantizeVectors(quantized)).toEqual(expected.decoded)
  })

  test('or one scale: of them all, or a given one', async () => {
    const values = vectorNumbers(3000)
    const dim = QUANTIZED_DIM
    for (const scale of ['segment', 0.05] as const) {
      const quantized = await quantizeVectors({ values, dim, scale })
      const one = scale === 'segment' ? fround(largest(values) / 127) : fround(scale)
      expect(quantized.scales).toEqual(Float32Array.of(one))
      const expected = slowly(values, dim, () => one)
      expect(quantized.codes).toEqual(expected.codes)
      expect(quantized.maxError).toBe(expected.maxError)
      expect(quantized.maxError).toBeLessThan(one * 0.501)
      expect(await dequantizeVectors(quantized)).toEqual(expected.decoded)
    }
  })

  test('of views, without rows, of shared memory', async () => {
    const memory = new Float32Array(QUANTIZED_DIM * 3 + 1)
    memory.set(vectorNumbers(3), 1)
    const view = await quantizeVectors({ values: memory.subarray(1), dim: QUANTIZED_DIM })
    expect(view).toEqual(await quantizeVectors({ values: vectorNumbers(3), dim: QUANTIZED_DIM }))
    const empty = await quantizeVectors({ values: new Float32Array(0), dim: 3 })
    expect(empty).toEqual({
      codes: new Int8Array(0),
      dim: 3,
      scales: new Float32Array(0),
      maxError: 0,
    })
    expect(await dequantizeVectors(empty)).toEqual(new Float32Array(0))
    const none = await quantizeVectors({ values: new Float32Array(0), dim: 3, scale: 'segment' })
    expect(none.scales).toEqual(Float32Array.of(0))
    const shared = new Float32Array(new SharedArrayBuffer(8))
    shared.set([1, -127])
    const { codes } = await quantizeVectors({ values: shared, dim: 2 })
    expect(codes).toEqual(Int8Array.of(1, -127))
  })

  test('the memory is the caller’s again, and the result is its own', async () => {
    const values = vectorNumbers(2000)
    const before = values.slice()
    const one = await quantizeVectors({ values, dim: QUANTIZED_DIM })
    expect(values).toEqual(before)
    const decoded = await dequantizeVectors(one)
    one.codes.fill(0)
    decoded.fill(0)
    const again = await quantizeVectors({ values, dim: QUANTIZED_DIM })
    expect(again.codes).not.toEqual(one.codes)
    expect(structuredClone(again)).toEqual(again)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%d is refused by its row',
    async (bad) => {
      const values = vectorNumbers(100)
      values[77 * QUANTIZED_DIM + 3] = bad
      for (const scale of ['vector', 'segment', 1] as const) {
        const error = await rejection(() => quantizeVectors({ values, dim: QUANTIZED_DIM, scale }))
        expect(error.code).toBe('InvalidData')
        expect(error.message).toContain('Expected finite values for row 77 but received')
      }
    },
  )

  test('so is a number beyond a given scale', async () => {
    const values = Float32Array.of(127, -127, 127.1, 0)
    const error = await rejection(() => quantizeVectors({ values, dim: 2, scale: 1 }))
    expect(error).toMatchObject({
      code: 'InvalidData',
      message: 'Expected magnitudes of at most 127 for row 1 but received 127.1',
    })
  })

  const values = Float32Array.of(1, 2)
  test.each<[object, string]>([
    [{ values: [1, 2], dim: 1 }, 'Expected a Float32Array for values'],
    [{ values, dim: 0 }, 'Expected an integer >= 1'],
    [{ values, dim: 3 }, 'Expected a multiple of dim (3) for values.length but received 2'],
    [{ values }, 'for dim but received undefined'],
    [{ values, dim: 1, scale: 'row' }, "Expected 'vector', 'segment' or a number"],
    [{ values, dim: 1, scale: 0 }, 'above 0 for scale but received 0'],
    [{ values, dim: 1, scale: 1e-60 }, 'above 0 for scale'],
    [{ values, dim: 1, scale: 3e38 }, 'above 0 for scale'],
    [{ values, dim: 1, scales: 1 }, 'Did you mean "scale"?'],
    [{ values, dim: 1, signal: {} }, 'Expected an AbortSignal'],
  ])('quantizeVectors refuses %p', async (options, message) => {
    const error = await rejection(() => quantizeVectors(options as never))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(message)
  })

  const codes = Int8Array.of(1, 2)
  const scales = Float32Array.of(1)
  test.each<[object, string, string]>([
    [{ codes: values, dim: 1, scales }, 'InvalidArgument', 'Expected an Int8Array for codes'],
    [{ codes, dim: 1, scales: [1] }, 'InvalidArgument', 'Expected a Float32Array for scales'],
    [{ codes, dim: 1, scales: new Float32Array(3) }, 'InvalidArgument', 'one scale or 2'],
    [{ codes, dim: 1, scales: Float32Array.of(Number.NaN) }, 'InvalidArgument', 'a finite scale'],
    [
      { codes, dim: 1, scales: Float32Array.of(1, Number.NaN) },
      'InvalidData',
      'Expected a finite scale for row 1 but received NaN',
    ],
  ])('dequantizeVectors refuses %p', async (options, code, message) => {
    const error = await rejection(() => dequantizeVectors(options as never))
    expect(error.code).toBe(code)
    expect(error.message).toContain(message)
  })

  test('detached memory is refused, before and meanwhile', async () => {
    const gone = vectorNumbers(1000)
    const late = vectorNumbers(1000)
    detach(gone)
    const before = await rejection(() => quantizeVectors({ values: gone, dim: 2 }))
    expect(before.code).toBe('Detached')
    const running = quantizeVectors({ values: late, dim: 2 })
    detach(late)
    expect((await rejection(() => running)).code).toBe('Detached')
  })

  test('an aborted signal is the reason', async () => {
    const reason = new Error('enough')
    const aborted = AbortSignal.abort(reason)
    await expect(quantizeVectors({ values, dim: 1, signal: aborted })).rejects.toBe(reason)
    await expect(dequantizeVectors({ codes, dim: 1, scales, signal: aborted })).rejects.toBe(reason)
    const later = new AbortController()
    const long = quantizeVectors({
      values: new Float32Array(1 << 22),
      dim: 1,
      signal: later.signal,
    })
    later.abort(reason)
    await expect(long).rejects.toBe(reason)
  })
})
