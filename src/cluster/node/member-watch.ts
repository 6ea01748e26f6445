/**
 * Compares the views of a cluster: says which nodes have come and gone, which have not renewed in time, and whether this
 * one looks in time. Times of the engine's clock are compared only with each other, never with the clock of this process.
 */
import type { Clock } from '../../clock.ts';
import type { MemberView, OwnershipView } from '../ports/ownership.ts';

interface MemberWatchOptions {
  readonly clock: Clock;
  readonly leaseTtlMs: number;
  /** This node, which is not reported. */
  readonly instance: string;
  onJoined(name: string): void;
  onLeft(name: string): void;
}

/**
 * A member that is answered in time looks more often than that. One whose calls arrive, and whose answers come too late,
 * renews its leases for ever and never takes what is free.
 */
const STALLED_AFTER_LEASES = 2 / 3;

interface Sighting {
  readonly member: MemberView;
  /** When this process first saw that the member was renewed at `member.lastSeenAt`. */
  readonly since: number;
}

export class MemberWatch {
  readonly #options: MemberWatchOptions;
  #sightings: ReadonlyMap<string, Sighting> | null = null;
  #lookedAt: number;

  constructor(options: MemberWatchOptions) {
    this.#options = options;
    this.#lookedAt = options.clock.now();
  }

  /** Whether this member has not looked for so long that the others should expect nothing of it. */
  get isStalled(): boolean {
    const { clock, leaseTtlMs } = this.#options;
    return clock.now() - this.#lookedAt > leaseTtlMs * STALLED_AFTER_LEASES;
  }

  /** This member has claimed what it should have. Returns whether the others take it for stalled. */
  onLooked(): boolean {
    const { clock, instance } = this.#options;
    this.#lookedAt = clock.now();
    return this.#sightings?.get(instance)?.member.isStalled === true;
  }

  onView({ members }: OwnershipView): void {
    const { clock, instance } = this.#options;
    const before = this.#sightings;
    const now = clock.now();
    const sightings = new Map<string, Sighting>();
    for (const member of members) {
      const known = before?.get(member.instance);
      const isRenewed = known === undefined || known.member.lastSeenAt !== member.lastSeenAt;
      sightings.set(member.instance, { member, since: isRenewed ? now : known.since });
    }
    this.#sightings = sightings;
    // The members of the first view were there before this node.
    if (before === null) return;
    for (const [id, { member }] of before) if (!sightings.has(id) && id !== instance) this.#options.onLeft(member.name);
    for (const [id, { member }] of sightings)
      if (!before.has(id) && id !== instance) this.#options.onJoined(member.name);
  }

  /** Whether a member has missed a renewal: it may have died, so its shards are soon free. */
  isSilent(instance: string): boolean {
    const { clock, leaseTtlMs } = this.#options;
    const sighting = this.#sightings?.get(instance);
    return sighting !== undefined && clock.now() - sighting.since > leaseTtlMs / 2;
  }

  get hasSilent(): boolean {
    return [...(this.#sightings?.keys() ?? [])].some((id) => id !== this.#options.instance && this.isSilent(id));
  }
}
