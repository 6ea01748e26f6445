/** Formats the events of a run as lines of text, for `npm run sim -- --trace`. */
import type { SimEvents, SimEventName } from './event-log.ts';
import { dataOf } from './checks/check.ts';
import type { World } from './world.ts';

const json = (value: unknown): string => {
  const text =
    JSON.stringify(value, (key, inner: unknown) => (key === 'token' || key === 'properties' ? undefined : inner)) ??
    'undefined';
  return text.length > 160 ? `${text.slice(0, 157)}…` : text;
};

const error = (value: unknown): string =>
  value instanceof Error ? `${(value as { code?: string }).code ?? value.name}: ${value.message}` : String(value);

/** Events without a formatter would repeat others. */
const LINE_FORMATTERS: { [N in SimEventName]?: (event: SimEvents[N]) => string } = {
  'socket.created': ({ socket }) =>
    `shard ${socket.shardId ?? '?'}   socket ${socket.id} of process ${socket.proc.number} to ${socket.url.href}`,
  'shard.sent': ({ socket, packet }) => `shard ${socket.shardId ?? '?'}   → socket ${socket.id}  ${json(packet)}`,
  'shard.received': ({ socket, packet }) => `shard ${socket.shardId ?? '?'}   ← socket ${socket.id}  ${json(packet)}`,
  'shard.closing': ({ socket, code }) =>
    `shard ${socket.shardId ?? '?'}   ${code === null ? `terminates socket ${socket.id}` : `closes socket ${socket.id} with ${code}`}`,
  'socket.closed': ({ socket, code }) => `shard ${socket.shardId ?? '?'}   socket ${socket.id} is closed: ${code}`,
  'gateway.closed': ({ socket, code }) =>
    `world     closes socket ${socket.id} ${code === null ? 'by dropping the TCP connection' : `with ${code}`}`,
  'socket.halfOpen': ({ socket }) => `world     socket ${socket.id} is half open`,
  'session.ended': ({ sessionId, why }) => `world     session ${sessionId} ended: ${why}`,
  'store.saving': ({ session }) => `shard ${session.shardId}   stores ${session.sessionId}:${session.sequence}`,
  'store.clearing': ({ shardId }) => `shard ${shardId}   clears the store`,
  'store.loaded': ({ shardId, session }) =>
    `shard ${shardId}   loads ${session === null ? 'nothing' : `${session.sessionId}:${session.sequence}`}`,
  'store.claimed': ({ proc, shardId, fence, isTakeOver }) =>
    `user ${proc.place.name}    process ${proc.number} ${isTakeOver ? 'takes over' : 'claims'} shard ${shardId} with fence ${fence}`,
  'store.refused': ({ proc, what }) =>
    `world     the store refuses a ${what} of process ${proc.number} of ${proc.place.name}`,
  'process.deployed': ({ proc }) => `user ${proc.place.name}    process ${proc.number} begins beside the last one`,
  'process.returned': ({ proc }) => `user ${proc.place.name}    process ${proc.number} returns`,
  'process.ended': ({ proc, isGraceful }) =>
    `world     process ${proc.number} of ${proc.place.name} ${isGraceful ? 'ends' : 'is killed'}`,
  'store.failed': ({ proc, what }) => `world     the store of ${proc.place.name}: ${what}`,
  fault: ({ name, what }) => `world     ${name} ${what}`,
  action: ({ proc, name, what }) => `user ${proc.place.name}    ${name} ${what}`,
  'promise.settled': ({ proc, id, error: cause }) =>
    `user ${proc.place.name}    promise ${id} ${cause === null ? 'settles' : `rejects, ${error(cause)}`}`,
  'promise.made': ({ proc, id, name }) => `user ${proc.place.name}    promise ${id} of ${name}()`,
  'stream.ended': ({ proc, id, error: cause }) =>
    `user ${proc.place.name}    stream ${id} ended ${cause === null ? '' : error(cause)}`,
  emitted: ({ proc, name, args }) =>
    `shard ${proc.place.shardId}   emits ${name} ${args[0] instanceof Error ? error(args[0]) : json(args[0])}${proc.isOver ? ' (of an ended process)' : ''}`,
  'guild.event': ({ id, guild, sessions }) =>
    `world     event ${id} of guild ${guild} to ${sessions.map((session) => session.id).join(', ')}`,
  'bot.emitted': ({ name, args }) =>
    `manager   emits ${name} ${args.map((arg) => (arg instanceof Error ? error(arg) : json(arg))).join(' ')}`,
  'bot.dispatched': ({ dispatch, shardId }) =>
    `manager   delivers ${dispatch.t} ${json(dataOf(dispatch))} of shard ${shardId}`,
  'bot.state': ({ from, to }) => `manager   ${from} → ${to}`,
  'bot.ended': ({ isGraceful }) => `world     the process of the manager ${isGraceful ? 'ends' : 'is killed'}`,
  'api.requested': ({ answer }) => `world     GET /gateway/bot: ${answer}`,
  uncaught: ({ error: cause }) => `UNCAUGHT  ${error(cause)}`,
  'recovery.began': () => 'world     all faults end',
  'recovery.ended': () => 'world     everything has recovered',
  stopped: () => 'world     everything has stopped',
};

export function traceTo(world: World, write: (line: string) => void): void {
  const startedAt = world.clock.now();
  world.eventLog.onAll((name, event) => {
    const line = (LINE_FORMATTERS[name] as ((event: unknown) => string) | undefined)?.(event);
    if (line !== undefined) write(`${formatTime(world.clock.now() - startedAt)}  ${line}`);
  });
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');

export function formatTime(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  const ms = String(Math.floor(elapsedMs % 1000)).padStart(3, '0');
  return `${twoDigits(Math.floor(seconds / 3600))}:${twoDigits(Math.floor(seconds / 60) % 60)}:${twoDigits(seconds % 60)}.${ms}`;
}
