import { PackedError } from '../errors/index.js'
import { describeValue } from './expect.js'

/** Where a store answers. */
export interface StorageAddress {
  /** `host` or `host:port`, IPv6 in brackets. */
  address: string
  /** As the URL says it; undefined where it was none. */
  useSsl: boolean | undefined
}

const FORM = /^(?:(https?):\/\/)?((?:\[[0-9a-f:.]+\]|[^\s/:@?#[\]\\]+)(?::(\d{1,5}))?)\/?$/i

/**
 * Take an address apart: `host`, `host:port` or a URL of them.
 *
 * @throws PackedError InvalidArgument; the text is not in it where it may hold a password.
 */
export function parseAddress(text: string): StorageAddress {
  const [, scheme, address, port] = FORM.exec(text) ?? []
  if (address === undefined || (port !== undefined && !isPort(Number(port)))) {
    const shown = /[@?]/.test(text) ? 'one with more in it' : describeValue(text)
    throw new PackedError(
      'InvalidArgument',
      `Expected host:port or http(s)://host:port for storage.address but received ${shown}`,
    )
  }
  return { address, useSsl: scheme === undefined ? undefined : scheme.toLowerCase() === 'https' }
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535
}
