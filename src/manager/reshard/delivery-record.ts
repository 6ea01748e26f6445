/**
 * What the shards in service have delivered during a hand-over, and how often. It keeps digests, so that the nodes of a
 * cluster can pass it on.
 */
import { createHash } from 'node:crypto';
import { guildIdOf } from '../../protocol/dispatch-guild.ts';
import type { Dispatch } from '../../protocol/packets.ts';

const digestOf = ({ t, d }: Dispatch): string =>
  createHash('sha1')
    .update(`${t} ${JSON.stringify(d)}`)
    .digest('base64');

export class DeliveryRecord {
  readonly #counts = new Map<string, number>();

  constructor(digests: readonly string[] = []) {
    for (const digest of digests) this.#add(digest);
  }

  /** Every digest, as often as it was delivered. */
  get digests(): string[] {
    return [...this.#counts].flatMap(([digest, count]) => Array.from({ length: count }, () => digest));
  }

  add(dispatch: Dispatch): void {
    this.#add(digestOf(dispatch));
  }

  /** Returns whether a dispatch was delivered. Each delivery counts once. */
  take(dispatch: Dispatch): boolean {
    const digest = digestOf(dispatch);
    const count = this.#counts.get(digest) ?? 0;
    // An event without a guild goes to every shard, or to one, and the sets have different shard counts.
    if (guildIdOf(dispatch) !== null && count > 0) this.#counts.set(digest, count - 1);
    return count > 0;
  }

  #add(digest: string): void {
    this.#counts.set(digest, (this.#counts.get(digest) ?? 0) + 1);
  }
}
