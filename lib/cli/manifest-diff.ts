import { Command } from 'commander'
import { stringifyExact } from '../config/index.js'
import { diffManifests, type Manifest, type ManifestDiff } from '../manifest/index.js'
import { UsageError } from './failure.js'
import {
  addManifestOptions,
  loadManifest,
  type ManifestOptions,
  manifestTarget,
} from './manifest-target.js'
import { diffLines } from './manifest-text.js'
import { toStdout } from './output.js'

interface ManifestDiffOptions extends ManifestOptions {
  json: boolean
}

/** What changed between two versions, or between two folders or files. */
export function manifestDiffCommand(signal: AbortSignal): Command {
  const command = new Command('diff').description(
    'print what changed from version <a> to <b>, or from <base> to another folder or file <a>',
  )
  return addManifestOptions(command)
    .argument('<a>', 'a version; without <b> a folder or file')
    .argument('[b]', 'a version')
    .option('--json', 'print as JSON', false)
    .action(async (base: string, a: string, b: string | undefined, _, run: Command) => {
      const options = run.optsWithGlobals<ManifestDiffOptions>()
      const target = await manifestTarget(base, options)
      const load = async (version?: number): Promise<Manifest> =>
        (await loadManifest(target, version, signal)).manifest
      const other = async (): Promise<Manifest> =>
        (await loadManifest(await manifestTarget(a, options), undefined, signal)).manifest
      const [before, after] =
        b === undefined
          ? [await load(), await other()]
          : [await load(versionOf(a)), await load(versionOf(b))]
      const diff = diffManifests(before, after)
      await toStdout([options.json ? `${stringifyExact(diff, 2)}\n` : text(diff)])
    })
}

function versionOf(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new UsageError(`Expected the number of a version but received "${text}"`)
}

function text(diff: ManifestDiff): string {
  const lines = diffLines(diff)
  return lines.length === 0 ? 'no difference\n' : lines.map((line) => `${line}\n`).join('')
}
