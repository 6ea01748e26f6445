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
  'socket.created': ({ socket }) => `shard ${socket.shardId ?? '?'}   socket ${socket.id} to ${socket.url.href}`,
  'shard.sent': ({ socket, packet }) => `shard ${socket.shardId ?? '?'}   → socket ${socket.id}  ${json(packet)}`,
  'shard.heard': ({ socket, packet }) => `shard ${socket.shardId ?? '?'}   ← socket ${socket.id}  ${json(packet)}`,
  'shard.closing': ({ socket, code }) => `shard ${socket.shardId ?? '?'}   closes socket ${socket.id} with ${code ?? 'no handshake'}`,
  'socket.closed': ({ socket, code }) => `shard ${socket.shardId ?? '?'}   socket ${socket.id} is closed: ${code}`,
  'gateway.closed': ({ socket, code }) => `world     closes socket ${socket.id} with ${code ?? 'no word'}`,
  'socket.deaf': ({ socket }) => `world     socket ${socket.id} is half open`,
  'session.ended': ({ sessionId, why }) => `world     session ${sessionId} is over: ${why}`,
  'store.saving': ({ session }) => `shard ${session.shardId}   stores ${session.sessionId}:${session.sequence}`,
  'store.clearing': ({ shardId }) => `shard ${shardId}   clears the store`,
  'store.loaded': ({ shardId, session }) => `shard ${shardId}   loads ${session === null ? 'nothing' : `${session.sessionId}:${session.sequence}`}`,
  'store.failed': ({ life, what }) => `world     the store of ${life.slot.name}: ${what}`,
  fault: ({ name, what }) => `world     ${name} ${what}`,
  deed: ({ life, name, what }) => `user ${life.slot.name}    ${name} ${what}`,
  'promise.settled': ({ life, id, error: cause }) => `user ${life.slot.name}    promise ${id} ${cause === null ? 'settles' : `rejects, ${error(cause)}`}`,
  'promise.made': ({ life, id, name }) => `user ${life.slot.name}    promise ${id} of ${name}()`,
  'stream.ended': ({ life, id, error: cause }) => `user ${life.slot.name}    stream ${id} ended ${cause === null ? '' : error(cause)}`,
  told: ({ life, name, args }) =>
    `shard ${life.slot.shardId}   tells ${name} ${args[0] instanceof Error ? error(args[0]) : json(args[0])}${life.isOver ? ' (thrown away)' : ''}`,
  'guild.event': ({ id, guild, sessions }) => `world     event ${id} of guild ${guild} to ${sessions.map((session) => session.id).join(', ')}`,
  'bot.told': ({ name, args }) => `manager   tells ${name} ${args.map((arg) => (arg instanceof Error ? error(arg) : json(arg))).join(' ')}`,
  'bot.dispatched': ({ dispatch, shardId }) => `manager   hands out ${dispatch.t} ${json(dispatch.d)} of shard ${shardId}`,
  'bot.state': ({ from, to }) => `manager   ${from} → ${to}`,
  'bot.over': ({ gently }) => `world     the process of the manager is ${gently ? 'over' : 'killed'}`,
  'api.asked': ({ answer }) => `world     GET /gateway/bot: ${answer}`,
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
