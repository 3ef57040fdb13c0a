/**
 * Where a long-running part reports what it does: the calls of pino, so that a pino logger is one.
 *
 * @example
 * const worker = await IngestWorker.open({ …, logger: pino() })
 */
export interface Logger {
  /** For who looks for a fault: every step. */
  debug(fields: Readonly<Record<string, unknown>>, message: string): void
  /** What somebody who runs the program wants to have read. */
  info(fields: Readonly<Record<string, unknown>>, message: string): void
  /** What went wrong and is tried again, or is done without. */
  warn(fields: Readonly<Record<string, unknown>>, message: string): void
  /** What went wrong and stays so. */
  error(fields: Readonly<Record<string, unknown>>, message: string): void
}

/** Says nothing. */
export const SILENT: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
}
