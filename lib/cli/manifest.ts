import { Command } from 'commander'
import { manifestCatCommand } from './manifest-cat.js'
import { manifestDiffCommand } from './manifest-diff.js'
import { manifestExpireCommand } from './manifest-expire.js'
import { manifestLogCommand } from './manifest-log.js'
import { manifestShowCommand } from './manifest-show.js'
import { manifestVerifyCommand } from './manifest-verify.js'

const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  show: ['files/insert_log/1/2/3', 's3://bucket/seg --version 2 --json', 'seg/manifest.json'],
  cat: ['seg --columns pk,title --limit 10', 'seg --version 2 --out rows.csv'],
  log: ['files/insert_log/1/2/3'],
  diff: ['seg 1 2', 'seg copies/seg'],
  verify: ['seg', 's3://bucket/files/seg --root s3://bucket/files --deep'],
  expire: ['seg --keep 10 --older-than 7d', 'seg --keep 1 --delete'],
}

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
  for (const verb of verbs) {
    const examples = EXAMPLES[verb.name()] ?? []
    const lines = examples.map((example) => `  packed manifest ${verb.name()} ${example}\n`)
    verb.addHelpText('after', `\nExamples:\n${lines.join('')}`)
    manifest.addCommand(verb)
  }
  return manifest
}
