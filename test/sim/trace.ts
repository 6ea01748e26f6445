/** A run as lines to read: when, who, what. */
import type { Happenings, Name } from './happenings.ts';
import type { World } from './world.ts';

const json = (value: unknown): string => {
  const text = JSON.stringify(value, (key, inner: unknown) => (key === 'token' || key === 'properties' ? undefined : inner)) ?? 'undefined';
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
};

const error = (value: unknown): string => (value instanceof Error ? `${(value as { code?: string }).code ?? value.name}: ${value.message}` : String(value));

/** Those that are left out would say everything twice. */
const LINES: { [N in Name]?: (happening: Happenings[N]) => string } = {
  'socket.created': ({ socket }) => `shard ${socket.life.slot.shardId}   socket ${socket.id} to ${socket.url.href}`,
  'shard.sent': ({ socket, packet }) => `shard ${socket.life.slot.shardId}   → socket ${socket.id}  ${json(packet)}`,
  'shard.heard': ({ socket, packet }) => `shard ${socket.life.slot.shardId}   ← socket ${socket.id}  ${json(packet)}`,
  'shard.closing': ({ socket, code }) => `shard ${socket.life.slot.shardId}   closes socket ${socket.id} with ${code ?? 'no handshake'}`,
  'socket.closed': ({ socket, code }) => `shard ${socket.life.slot.shardId}   socket ${socket.id} is closed: ${code}`,
  'gateway.closed': ({ socket, code }) => `world     closes socket ${socket.id} with ${code ?? 'no word'}`,
  'socket.deaf': ({ socket }) => `world     socket ${socket.id} is half open`,
  'session.ended': ({ sessionId, why }) => `world     session ${sessionId} is over: ${why}`,
  'store.saving': ({ life, session }) => `shard ${life.slot.shardId}   stores ${session.sessionId}:${session.sequence}`,
  'store.clearing': ({ life }) => `shard ${life.slot.shardId}   clears the store`,
  'store.loaded': ({ life, session }) => `shard ${life.slot.shardId}   loads ${session === null ? 'nothing' : `${session.sessionId}:${session.sequence}`}`,
  'store.failed': ({ life, what }) => `world     the store of shard ${life.slot.shardId}: ${what}`,
  fault: ({ name, what }) => `world     ${name} ${what}`,
  deed: ({ life, name, what }) => `user ${life.slot.shardId}    ${name} ${what}`,
  'promise.settled': ({ life, id, error: cause }) => `user ${life.slot.shardId}    promise ${id} ${cause === null ? 'settles' : `rejects, ${error(cause)}`}`,
  'promise.made': ({ life, id, name }) => `user ${life.slot.shardId}    promise ${id} of ${name}()`,
  'stream.ended': ({ life, id, error: cause }) => `user ${life.slot.shardId}    stream ${id} ended ${cause === null ? '' : error(cause)}`,
  told: ({ life, name, args }) =>
    `shard ${life.slot.shardId}   tells ${name} ${args[0] instanceof Error ? error(args[0]) : json(args[0])}${life.isOver ? ' (thrown away)' : ''}`,
  uncaught: ({ error: cause }) => `UNCAUGHT  ${error(cause)}`,
  'drain.began': () => 'world     is well from now on',
  'drain.ended': () => 'world     all is well',
  stopped: () => 'world     all is over',
};

export function traceInto(world: World, write: (line: string) => void): void {
  const startedAt = world.clock.now();
  world.chronicle.onAll((name, happening) => {
    const line = (LINES[name] as ((happening: unknown) => string) | undefined)?.(happening);
    if (line !== undefined) write(`${stamp(world.clock.now() - startedAt)}  ${line}`);
  });
}

const two = (value: number): string => String(value).padStart(2, '0');

export function stamp(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const ms = String(Math.floor(elapsedMs % 1000)).padStart(3, '0');
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${ms}`;
}
