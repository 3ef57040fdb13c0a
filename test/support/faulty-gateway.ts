/**
 * A real store behind a gateway that spoils single requests: what a faulty link cannot do, because
 * it sees bytes and not requests, and what a healthy store never answers.
 */
import { once } from 'node:events'
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as rules see it. */
export interface SeenRequest {
  method: string
  /** Path and query, as they were sent. */
  url: string
  headers: IncomingMessage['headers']
}

/** What becomes of a request. */
export type Fault =
  /** The store does not see it; this is the answer. */
  | { answer: { status: number; body?: string; headers?: Record<string, string> } }
  /** The store carries it out, and the connection goes before the answer. */
  | 'loseAnswer'
  /** The store carries it out; the answer says that it failed. */
  | { instead: { status: number; body: string } }
  /** The body of the answer ends after so many bytes. */
  | { cutBody: number }
  /** The store gets the first byte of the body wrong. */
  | 'spoilBody'
  /** The first byte of the answer's body is wrong. */
  | 'spoilAnswer'
  /** Nothing is answered, ever. */
  | 'stall'
  /** The connection goes at once. */
  | 'reset'

export interface FaultyGateway {
  port: number
  /** Every request since the start or the last `heal`. */
  readonly seen: SeenRequest[]
  /** Asked for every request; undefined lets it through. */
  spoil(rule: (request: SeenRequest, index: number) => Fault | undefined): void
  heal(): void
  stop(): Promise<void>
}

/** XML of an error, as S3 writes it. */
export function errorBody(code: string, message = 'as the test wants it'): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>${code}</Code><Message>${message}</Message><RequestId>R1</RequestId></Error>`
}

/** Start a gateway in front of the store at `port`. */
export async function startFaultyGateway(port: number): Promise<FaultyGateway> {
  let rule: (request: SeenRequest, index: number) => Fault | undefined = () => undefined
  const seen: SeenRequest[] = []
  const server = createServer((incoming, outgoing) => {
    const request: SeenRequest = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      headers: incoming.headers,
    }
    seen.push(request)
    pass(port, { incoming, outgoing }, rule(request, seen.length - 1))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    spoil: (next) => {
      rule = next
      seen.length = 0
    },
    heal: () => {
      rule = () => undefined
      seen.length = 0
    },
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

interface Exchange {
  incoming: IncomingMessage
  outgoing: ServerResponse
}

function pass(port: number, { incoming, outgoing }: Exchange, fault: Fault | undefined): void {
  if (fault === 'reset') return void incoming.socket.resetAndDestroy()
  if (fault === 'stall') return void incoming.resume()
  if (typeof fault === 'object' && 'answer' in fault) {
    const { status, body = '', headers = {} } = fault.answer
    incoming.resume().once('end', () => outgoing.writeHead(status, headers).end(body))
    return
  }
  const { method, url, headers } = incoming
  const onward = forward({ port, host: '127.0.0.1', method, path: url, headers }, (answer) => {
    if (fault === 'loseAnswer') {
      answer.resume().once('end', () => outgoing.socket?.destroy())
    } else if (typeof fault === 'object' && 'instead' in fault) {
      const { status, body } = fault.instead
      answer.resume().once('end', () => outgoing.writeHead(status).end(body))
    } else {
      // The store's word on its own connection; this one is kept.
      const { connection: _, ...headers } = answer.headers
      outgoing.writeHead(answer.statusCode ?? 500, headers)
      if (fault === 'spoilAnswer') answer.once('data', spoil)
      if (typeof fault === 'object') cut(answer, outgoing, fault.cutBody)
      else answer.pipe(outgoing)
    }
  })
  onward.once('error', () => outgoing.destroy())
  if (fault === 'spoilBody') incoming.once('data', spoil)
  incoming.pipe(onward)
}

function spoil(chunk: Buffer): void {
  chunk.writeUInt8(~chunk[0]! & 0xff)
}

function cut(answer: IncomingMessage, outgoing: ServerResponse, left: number): void {
  answer.on('data', (chunk: Buffer) => {
    const piece = chunk.subarray(0, left)
    left -= piece.byteLength
    if (left > 0) outgoing.write(piece)
    else outgoing.write(piece, () => outgoing.destroy())
  })
}
