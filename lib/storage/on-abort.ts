interface Fan {
  reactions: Set<() => void>
  listener: () => void
}

/** One listener per signal, however many operations wait for it. */
const fans = new WeakMap<AbortSignal, Fan>()

/**
 * Call `react` when a signal aborts; the result takes it back.
 *
 * Node warns of a leak where more than ten listeners are on one signal: operations that share the
 * signal of their caller share one listener.
 */
export function onAbort(signal: AbortSignal, react: () => void): () => void {
  const fan = fans.get(signal) ?? listen(signal)
  // A function of its own, so that one that is given twice is called twice.
  const reaction = (): void => react()
  fan.reactions.add(reaction)
  return () => {
    fan.reactions.delete(reaction)
    if (fan.reactions.size > 0 || fans.get(signal) !== fan) return
    signal.removeEventListener('abort', fan.listener)
    fans.delete(signal)
  }
}

/** Call `react` with the reason when a signal aborts, at once where it has; without one, never. */
export function follow(
  signal: AbortSignal | undefined,
  react: (reason: Error) => void,
): () => void {
  if (signal === undefined) return () => {}
  if (!signal.aborted) return onAbort(signal, () => react(signal.reason))
  react(signal.reason)
  return () => {}
}

function listen(signal: AbortSignal): Fan {
  const reactions = new Set<() => void>()
  const listener = (): void => {
    fans.delete(signal)
    for (const reaction of reactions) reaction()
  }
  const fan = { reactions, listener }
  fans.set(signal, fan)
  signal.addEventListener('abort', listener, { once: true })
  return fan
}
