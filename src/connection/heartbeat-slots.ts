/**
 * The moments in which the shards of a process send their heartbeats. In an idle process a heartbeat costs little, but to
 * wake the process costs a lot: of heartbeats in the same moment only the first pays for it. An interval has 40 such
 * moments, its slots, and they are the same for all shards of the process.
 */
import { systemClock } from '../clock.ts';
import type { Clock } from '../clock.ts';

/** A heartbeat is early by less than this part of the interval. */
export const SLOTS_PER_INTERVAL = 40;

export class HeartbeatSlots {
  /** Where the slots are, as a part of their width. */
  readonly #offset: number;

  constructor(offset: number) {
    this.#offset = offset;
  }

  /** Returns the last slot before `dueAt`; the next one if that is before `from`. All are times in ms. */
  near(dueAt: number, from: number, intervalMs: number): number {
    const widthMs = intervalMs / SLOTS_PER_INTERVAL;
    const slotAt = (Math.floor(dueAt / widthMs - this.#offset) + this.#offset) * widthMs;
    return slotAt < from ? slotAt + widthMs : slotAt;
  }
}

/** The place is random, so that the processes of a bot do not all send in the same moment. */
const PROCESS_SLOTS = new HeartbeatSlots(Math.random());

/** Returns the slots of this process; `null` for a clock other than {@link systemClock}, which wakes no process. */
export const heartbeatSlotsOf = (clock: Clock): HeartbeatSlots | null => (clock === systemClock ? PROCESS_SLOTS : null);
