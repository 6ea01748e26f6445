/** Records every event of a shard, in order. */
import type { Shard, ShardEvents } from '../../src/index.ts';

const NAMES = [
  'stateChange',
  'connected',
  'hello',
  'ready',
  'resumed',
  'reconnected',
  'disconnected',
  'heartbeat',
  'dispatch',
  'raw',
  'rateLimited',
  'throttled',
  'lagged',
  'fault',
  'failed',
] as const satisfies (keyof ShardEvents)[];

export class RecordedEvents {
  readonly all: { name: keyof ShardEvents; args: unknown[] }[] = [];

  /** Returns the first argument of each event with this name. */
  of<Name extends keyof ShardEvents>(name: Name): ShardEvents[Name][0][] {
    return this.all.filter((event) => event.name === name).map(({ args }) => args[0] as ShardEvents[Name][0]);
  }

  get states(): string[] {
    return this.of('stateChange').map(({ to }) => to);
  }

  get faults(): string[] {
    return this.of('fault').map(({ code }) => code);
  }

  get dispatched(): string[] {
    return this.of('dispatch').map(({ t }) => t);
  }
}

export function recordEvents(shard: Shard): RecordedEvents {
  const events = new RecordedEvents();
  for (const name of NAMES) shard.on(name, (...args: unknown[]) => void events.all.push({ name, args }));
  return events;
}
