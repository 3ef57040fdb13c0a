import { cpus, platform, release } from 'node:os'
import { compressionRatio, compressionSaving } from '../../codec/index.js'
import { hardwareLimits } from '../../config/index.js'
import { isWriterDefault } from './candidates.js'
import { type Measurement, measure } from './measure.js'
import { recommend } from './recommend.js'
import { type Sample, takeSample } from './sample.js'
import { resolveTuneSettings, type TuneOptions } from './tune-options.js'
import type { TuneResult, TuneTrial } from './tune-result.js'

/**
 * Try layouts, codecs and levels on a sample of files, and say which to choose.
 *
 * The sample is read once and held in memory (`sampleBytes`). It is then written into files and
 * read back with every choice of settings, in rounds: `write` and `read` are the medians over
 * these, after one round that does not count. Files that are read are in the page cache, and
 * nothing is forced to the disk: figures are those of encoding and decoding, on this machine.
 *
 * Columns stay together as they are in `paths`. The files of the trials are removed in any case;
 * only a process that is killed leaves its folder, `arrow-packed-tune-*` in `scratch`.
 *
 * @throws PackedError InvalidArgument (unknown option, bad value), InvalidData (no rows),
 *   Encryption (encrypted files: those of the trials would not be), NoSpace, and what
 *   `PackedReader` and `PackedWriter` throw. The signal's reason when it is aborted.
 *
 * @example
 * const { recommendation } = await tuneFiles({ paths: ['seg/0', 'seg/101'] })
 * const writer = await PackedWriter.open({ ...recommendation.trial.options, schema, directory })
 */
export async function tuneFiles(options: TuneOptions): Promise<TuneResult> {
  const settings = resolveTuneSettings(options)
  settings.signal?.throwIfAborted()
  const sample = await takeSample(settings)
  try {
    const measured = await measure(sample, settings)
    const trials = measured.map((measurement) => trialOf(measurement, sample))
    const recommendations = recommend(trials)
    return {
      paths: settings.paths,
      ...factsOf(sample),
      rounds: settings.rounds,
      trials,
      recommendation: recommendations[settings.goal],
      recommendations,
      machine: {
        cpu: cpus()[0]?.model.trim() ?? 'unknown',
        cores: hardwareLimits().cores,
        node: process.version,
        platform: `${platform()} ${release()}`,
      },
      date: new Date().toISOString(),
    }
  } finally {
    sample.release()
  }
}

function factsOf(sample: Sample): Pick<TuneResult, 'rows' | 'sample' | 'stored'> {
  const { rows, arrowBytes, batches, storedRows, storedBytes } = sample
  const share = storedBytes * (rows / storedRows)
  return {
    rows: storedRows,
    sample: { rows, blocks: batches.length, arrowBytes },
    stored: {
      fileBytes: storedBytes,
      ratio: compressionRatio(arrowBytes, share),
      saving: compressionSaving(arrowBytes, share),
    },
  }
}

function trialOf(measurement: Measurement, { arrowBytes }: Sample): TuneTrial {
  const { candidate, fileBytes, write, read, roundTrip } = measurement
  const { name, layout, codec, level, options } = candidate
  return {
    name,
    layout,
    codec,
    level: level ?? null,
    isDefault: isWriterDefault(candidate),
    options,
    fileBytes,
    // 0 for nothing, as everywhere: a column of type Null takes no bytes in Arrow.
    ratio: compressionRatio(arrowBytes, fileBytes),
    saving: compressionSaving(arrowBytes, fileBytes),
    write,
    read,
    roundTrip,
  }
}
