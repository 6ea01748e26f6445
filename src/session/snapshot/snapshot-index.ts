/**
 * What a snapshot says, by guild: which frames make up each. Its guilds are read one at a time, because all of them
 * decoded would take much memory.
 */
import { inflateRaw } from 'node:zlib';
import { util } from '../../node-modules.ts';
import { shortName } from '../../protocol/printable.ts';
import { fieldsOf, isObject } from '../../protocol/validation.ts';
import type { Fields } from '../../protocol/validation.ts';
import { GUILD_CHANGES } from './guild-changes.ts';
import type { SnapshotFrame } from './snapshot-frame.ts';

const inflate = util.promisify(inflateRaw);

/** A guild has some hundred KB. What inflates to more was not written by a shard. */
const MAX_DATA_BYTES = 67_108_864;

/** `unavailable`: an outage. `gone`: the bot has left it. */
type GuildState = SnapshotFrame[] | 'unavailable' | 'gone';

/** A dispatch that is delivered again, or stored again. */
export interface SnapshotDispatch {
  readonly t: string;
  readonly guildId: string | null;
  /** `d` as JSON. */
  readonly data: Buffer;
  /** The frame that has it already, unchanged. */
  readonly frame: SnapshotFrame | null;
}

/** Returns the packet that delivers it again, at the sequence of the session. */
export const packetOf = ({ t, data }: Pick<SnapshotDispatch, 't' | 'data'>, s: number): Buffer =>
  Buffer.concat([Buffer.from(`{"t":"${t}","s":${s},"op":0,"d":`), data, Buffer.from('}')]);

async function dataOf({ data, isDeflated }: SnapshotFrame): Promise<Buffer> {
  return isDeflated ? inflate(data, { maxOutputLength: MAX_DATA_BYTES }) : data;
}

async function fieldsOfFrame(frame: SnapshotFrame): Promise<Record<string, unknown>> {
  const d: unknown = JSON.parse((await dataOf(frame)).toString());
  if (!isObject(d)) throw new Error(`the data of ${shortName(frame.t)} is not an object`);
  return { ...d };
}

const isUnavailable = ({ data }: SnapshotFrame): boolean =>
  fieldsOf(JSON.parse(data.toString()))['unavailable'] === true;

export class SnapshotIndex {
  readonly #ready: readonly SnapshotFrame[];
  readonly #guilds: ReadonlyMap<string, GuildState>;

  private constructor(ready: readonly SnapshotFrame[], guilds: ReadonlyMap<string, GuildState>) {
    this.#ready = ready;
    this.#guilds = guilds;
  }

  /** Reads the changes up to a sequence. Later ones come again with the replay, and so may READY. */
  static of(frames: readonly SnapshotFrame[], upTo: number): SnapshotIndex {
    const guilds = new Map<string, GuildState>();
    let ready: SnapshotFrame[] = [];
    let last = 0;
    for (const frame of frames) {
      // What is there twice counts once.
      if (frame.s < last && frame.t !== 'READY') continue;
      last = frame.s;
      if (frame.s > upTo) continue;
      if (frame.guildId === null) {
        if (frame.t === 'READY') {
          ready = [];
          guilds.clear();
        }
        ready.push(frame);
      } else {
        const before = guilds.get(frame.guildId);
        if (frame.t === 'GUILD_CREATE') guilds.set(frame.guildId, [frame]);
        else if (frame.t === 'GUILD_DELETE') guilds.set(frame.guildId, isUnavailable(frame) ? 'unavailable' : 'gone');
        else if (typeof before === 'object') before.push(frame);
      }
    }
    return new SnapshotIndex(ready, guilds);
  }

  /** Reads READY, then each guild: what Discord would send to a new session. */
  async *dispatches(): AsyncGenerator<SnapshotDispatch, void, undefined> {
    const [first, ...updates] = this.#ready;
    if (first === undefined) return;
    yield { t: 'READY', guildId: null, data: await this.#readReady(first, updates), frame: null };
    for (const [guildId, frames] of this.#guilds)
      if (typeof frames === 'object') yield await readGuild(guildId, frames);
  }

  async #readReady(first: SnapshotFrame, updates: readonly SnapshotFrame[]): Promise<Buffer> {
    const ready = await fieldsOfFrame(first);
    for (const update of updates) ready['user'] = { ...fieldsOf(ready['user']), ...(await fieldsOfFrame(update)) };
    const listed = Array.isArray(ready['guilds']) ? ready['guilds'].map((guild: unknown) => fieldsOf(guild)['id']) : [];
    const ids = new Set([...listed.filter((id) => typeof id === 'string'), ...this.#guilds.keys()]);
    const guilds: Fields[] = [...ids]
      .filter((id) => this.#guilds.get(id) !== 'gone')
      .map((id) => ({ id, unavailable: true }));
    return Buffer.from(JSON.stringify({ ...ready, guilds }));
  }
}

async function readGuild(guildId: string, [first, ...changes]: readonly SnapshotFrame[]): Promise<SnapshotDispatch> {
  if (first === undefined) throw new Error('a guild has no GUILD_CREATE');
  if (changes.length === 0) return { t: first.t, guildId, data: await dataOf(first), frame: first };
  const guild = await fieldsOfFrame(first);
  for (const change of changes) GUILD_CHANGES.get(change.t)?.(guild, await fieldsOfFrame(change));
  return { t: first.t, guildId, data: Buffer.from(JSON.stringify(guild)), frame: null };
}
