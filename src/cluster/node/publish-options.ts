/** The option `publish`: what goes into the streams of the engine, and how much of it is kept there. */
import type { EventName } from '../../protocol/packets.ts';
import type { StreamBounds } from '../ports/session-journal.ts';

/** What a node publishes, and how long the streams keep it. */
export interface PublishOptions {
  /**
   * The dispatches to publish. Set it if your consumers need only some.
   * @defaultValue all dispatches
   */
  events?: readonly EventName[];
  /**
   * About how many dispatches the stream of a shard keeps. Raise it if consumers may be away for long; Redis keeps them in
   * memory.
   * @defaultValue `100_000`
   */
  maxLength?: number;
  /**
   * How long a dispatch is kept, in ms. Raise it if consumers may be away for longer.
   * @defaultValue `3_600_000`
   */
  maxAgeMs?: number;
}

/** The option `publish` with its defaults filled in. */
export interface ResolvedPublish {
  /** The names of the dispatches to publish; `null` for all. */
  readonly events: ReadonlySet<string> | null;
  readonly bounds: StreamBounds;
}
