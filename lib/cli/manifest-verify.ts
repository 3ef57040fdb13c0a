import { Command } from 'commander'
import { stringifyExact } from '../config/index.js'
import {
  type ManifestVerification,
  type VerifyManifestOptions,
  verifyManifest,
} from '../manifest/index.js'
import {
  addManifestOptions,
  addVersionOption,
  type ManifestOptions,
  manifestStoreOf,
  manifestTarget,
} from './manifest-target.js'
import { countText, plural } from './manifest-text.js'
import { toStdout } from './output.js'
import { problemLine } from './problem-line.js'
import { progressBar } from './progress-bar.js'

interface ManifestVerifyOptions extends ManifestOptions {
  version?: number
  deep: boolean
  json: boolean
}

export function manifestVerifyCommand(signal: AbortSignal): Command {
  const command = new Command('verify').description(
    'check a manifest against the files that it names; exit code 1 for a problem',
  )
  return addVersionOption(addManifestOptions(command))
    .option('--deep', 'decode every page as well, instead of the footers only', false)
    .option('--json', 'print the result as JSON', false)
    .action(async (base: string, _, run: Command) => {
      const { version = -1, deep, json, ...options } = run.optsWithGlobals<ManifestVerifyOptions>()
      const store = manifestStoreOf(await manifestTarget(base, options))
      const result = await verify({ store, version, deep, signal })
      await toStdout([json ? `${stringifyExact(result, 2)}\n` : text(result)])
      if (!result.ok) process.exitCode = 1
    })
}

async function verify(options: VerifyManifestOptions): Promise<ManifestVerification> {
  const progress = await progressBar<{ files: number; totalFiles: number }>('', (now) => ({
    done: now.files,
    total: now.totalFiles,
    text: `${now.files} of ${now.totalFiles} files`,
  }))
  try {
    return await verifyManifest({ ...options, onProgress: progress.update })
  } finally {
    progress.end()
  }
}

function text({ ok, version, versions, files, rows, problems, notChecked }: ManifestVerification) {
  const skipped = notChecked.map((what) => `not checked: ${what}\n`).join('')
  if (!ok) return problems.map(problemLine).join('') + skipped
  const of = versions.length > 1 ? ` (of ${versions[0]} to ${versions.at(-1)})` : ''
  return `OK: version ${version}${of}, ${plural(files, 'file')}, ${countText(rows)} rows\n${skipped}`
}
