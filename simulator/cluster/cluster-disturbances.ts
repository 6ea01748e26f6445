/** Which dispatches may come twice, because of what has happened at their time. */
import type { ClusterWorld } from './cluster-world.ts';
import { CLUSTER_FAULTS, FAULT_OVER } from './cluster-faults.ts';

/** A node writes its sessions once a second, so soon after it has delivered a dispatch the engine knows it. */
const JOURNALLED_MS = 2_500;

export interface Doubles {
  /** Whether what was delivered first at a time may come again: a node died, froze or was cut off, or the engine failed. */
  byFault(firstAt: number): boolean;
  /**
   * Whether it may come again because an engine with an older state had the shards before in service, until a node told it of
   * those that had taken over. The others delivered meanwhile, and have no record of the hand-over.
   */
  byReturn(firstAt: number): boolean;
}

export function doublesFrom({ clock, log, setting, generations }: ClusterWorld): Doubles {
  const disturbedAt: number[] = [];
  const returns: { readonly from: number; to: number }[] = [];
  let handOverBefore = Number.NEGATIVE_INFINITY;
  log.onAll((name, event) => {
    const fault = name === 'happened' && 'name' in event ? event.name : '';
    const isDisturbance = fault === FAULT_OVER || CLUSTER_FAULTS[fault]?.mayDouble === true;
    if (isDisturbance || name === 'forgotten') disturbedAt.push(clock.now());
  });
  log.on('inService', ({ from, to, isHandedOver }) => {
    if (isHandedOver) handOverBefore = generations.handOverAt;
    else if (to.number < from.number) returns.push({ from: handOverBefore, to: Number.POSITIVE_INFINITY });
    else for (const each of returns) each.to = Math.min(each.to, clock.now() + setting.leaseTtlMs);
  });
  return {
    byFault: (firstAt) =>
      disturbedAt.some((time) => time >= firstAt - 2 * setting.leaseTtlMs && time <= firstAt + JOURNALLED_MS),
    byReturn: (firstAt) =>
      returns.some(({ from, to }) => to !== Number.POSITIVE_INFINITY && firstAt >= from && firstAt <= to),
  };
}
