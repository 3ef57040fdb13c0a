import { Command } from 'commander'
import { manifestCatCommand } from './manifest-cat.js'
import { manifestDiffCommand } from './manifest-diff.js'
import { manifestExpireCommand } from './manifest-expire.js'
import { manifestLogCommand } from './manifest-log.js'
import { manifestShowCommand } from './manifest-show.js'
import { manifestVerifyCommand } from './manifest-verify.js'

/** The verbs for the manifest of a StorageV3 segment. */
export function manifestCommand(signal: AbortSignal): Command {
  const manifest = new Command('manifest').description(
    'show, read, compare and check the manifest of a segment, and expire its old versions',
  )
  const verbs = [
    manifestShowCommand(signal),
    manifestCatCommand(signal),
    manifestLogCommand(signal),
    manifestDiffCommand(signal),
    manifestVerifyCommand(signal),
    manifestExpireCommand(signal),
  ]
  for (const verb of verbs) manifest.addCommand(verb)
  return manifest
}
