import type { PendingSync } from './pending-sync.js'
import { SyncLane, type SyncLaneOwner } from './sync-lane.js'

/** What {@link SyncDispatch} needs of its write buffer. */
export type SyncDispatchOwner = SyncLaneOwner

/** All syncs that are not saved yet, each in the lane of its order key. */
export class SyncDispatch {
  readonly #owner: SyncDispatchOwner
  readonly #lanes = new Map<string, SyncLane>()

  constructor(owner: SyncDispatchOwner) {
    this.#owner = owner
  }

  /** Rows and deletes in memory that no file has yet. */
  get payloadBytes(): number {
    return this.syncs().reduce((bytes, sync) => bytes + sync.payloadBytes, 0)
  }

  syncs(): PendingSync[] {
    return [...this.#lanes.values()].flatMap(({ syncs }) => syncs)
  }

  push(sync: PendingSync): void {
    const lane = this.#lanes.get(sync.orderKey) ?? new SyncLane(this.#owner)
    this.#lanes.set(sync.orderKey, lane)
    lane.push(sync)
    void lane.idle().then(() => this.#forget(sync.orderKey, lane))
  }

  /** Resolves when nothing is under way. Never fails. */
  async idle(): Promise<void> {
    await Promise.all([...this.#lanes.values()].map((lane) => lane.idle()))
  }

  #forget(orderKey: string, lane: SyncLane): void {
    if (lane.syncs.length === 0 && this.#lanes.get(orderKey) === lane) this.#lanes.delete(orderKey)
  }
}
