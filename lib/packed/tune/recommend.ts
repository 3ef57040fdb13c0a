import { TUNE_GOALS, type TuneGoal } from './tune-options.js'
import type { TuneRecommendation, TuneTrial } from './tune-result.js'

/** What files are moved over in the goal `'balanced'`: about a link of 1 Gbit/s, in bytes/s. */
export const LINK_BYTES_PER_SECOND = 100e6

/** How a goal compares trials. Costs: less is better. */
interface Goal {
  cost(trial: TuneTrial): number
  /** Trials that cost this little more than the best count as equal; times are never exact. */
  tolerance: number
  /** What decides between equal ones. */
  otherwise(trial: TuneTrial): number
  /** `the smallest` */
  best: string
  /** The reason to take one that is equal to the best, with what it has over it. */
  gain(over: number): string
  /** `smaller than`, in a comparison of costs. */
  versus(less: number): string
}

const bytesOf = ({ fileBytes }: TuneTrial): number => fileBytes
const millisecondsOf = ({ roundTrip }: TuneTrial): number => roundTrip.medianMs
const movedMs = (trial: TuneTrial): number =>
  millisecondsOf(trial) + (2000 * trial.fileBytes) / LINK_BYTES_PER_SECOND

const GOALS: Readonly<Record<TuneGoal, Goal>> = {
  size: {
    cost: bytesOf,
    tolerance: 0.005,
    otherwise: millisecondsOf,
    best: 'the smallest files',
    gain: (over) => `and ${percent(over)} less time to write and read`,
    versus: (less) => `${percent(less)} smaller than`,
  },
  balanced: {
    cost: movedMs,
    tolerance: 0.03,
    otherwise: bytesOf,
    best: 'the least time to write, send, fetch (at 100 MB/s) and read',
    gain: (over) => `and ${percent(over)} smaller`,
    versus: (less) => `${percent(less)} less than`,
  },
  speed: {
    cost: millisecondsOf,
    tolerance: 0.03,
    otherwise: bytesOf,
    best: 'the least time to write and read',
    gain: (over) => `and ${percent(over)} smaller`,
    versus: (less) => `${percent(less)} less than`,
  },
}

/** The trial to choose for each goal, with the reason. At least one trial. */
export function recommend(trials: readonly TuneTrial[]): Record<TuneGoal, TuneRecommendation> {
  const entries = TUNE_GOALS.map((goal) => [goal, recommendFor(goal, trials)])
  return Object.fromEntries(entries) as Record<TuneGoal, TuneRecommendation>
}

function recommendFor(goal: TuneGoal, trials: readonly TuneTrial[]): TuneRecommendation {
  const { cost, otherwise, tolerance } = GOALS[goal]
  const best = leastBy(trials, cost)
  const equal = trials.filter((trial) => cost(trial) <= cost(best) * (1 + tolerance))
  const trial = leastBy(equal, otherwise)
  return { goal, trial, reason: reasonOf(GOALS[goal], { trial, best, trials }) }
}

function reasonOf(
  { cost, otherwise, tolerance, best: superlative, gain, versus }: Goal,
  { trial, best, trials }: { trial: TuneTrial; best: TuneTrial; trials: readonly TuneTrial[] },
): string {
  const first =
    trial === best
      ? superlative
      : `within ${percent(tolerance)} of ${superlative} (${best.name}), ` +
        gain(1 - otherwise(trial) / otherwise(best))
  const usual = trials.find(({ isDefault }) => isDefault)
  if (usual === undefined) return first
  if (usual === trial) return `${first}; it is the default`
  const less = 1 - cost(trial) / cost(usual)
  return less < tolerance
    ? `${first}; the default is nearly as good`
    : `${first}; ${versus(less)} the default`
}

function leastBy(trials: readonly TuneTrial[], cost: (trial: TuneTrial) => number): TuneTrial {
  return trials.reduce((least, trial) => (cost(trial) < cost(least) ? trial : least))
}

function percent(share: number): string {
  const value = 100 * share
  return `${value < 1 ? value.toFixed(1) : value.toFixed(0)} %`
}
