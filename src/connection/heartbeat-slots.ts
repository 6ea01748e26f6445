/**
 * The moments in which the shards of a process send their heartbeats. In an idle process a heartbeat costs little, but to
 * wake the process costs a lot: of heartbeats in the same moment only the first pays for it. An interval has 40 such
 * moments, its slots, and they are the same for all shards of the process.
 */
import { systemClock, timeOrigin } from '../clock.ts';
import type { Clock } from '../clock.ts';

/** A heartbeat is early by less than this part of the interval. */
export const SLOTS_PER_INTERVAL = 40;

export class HeartbeatSlots {
  readonly #startsAt: number;

  /** @param startsAt - a time in ms, from which slots are counted */
  constructor(startsAt: number) {
    this.#startsAt = startsAt;
  }

  /** Returns the last slot before `dueAt`; the next one if that is before `from`. All are times in ms. */
  near(dueAt: number, from: number, intervalMs: number): number {
    const widthMs = intervalMs / SLOTS_PER_INTERVAL;
    const slotAt = this.#startsAt + Math.floor((dueAt - this.#startsAt) / widthMs) * widthMs;
    return slotAt < from ? slotAt + widthMs : slotAt;
  }
}

/** Counted from the start of the process, so that the processes of a bot do not all send in the same moment. */
const PROCESS_SLOTS = new HeartbeatSlots(timeOrigin);

/** Returns the slots of this process; `null` for a clock other than {@link systemClock}, which wakes no process. */
export const heartbeatSlotsOf = (clock: Clock): HeartbeatSlots | null => (clock === systemClock ? PROCESS_SLOTS : null);
