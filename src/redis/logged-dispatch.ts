/**
 * An entry of a stream, as a script returns it: its id, then names and values in the order in which they were added. A
 * position says in which of two streams of a shard it stands.
 */
import type { DeadLetter, LoggedDispatch } from '../cluster/ports/dispatch-log.ts';
import type { ScriptArgument } from './redis-link.ts';
import type { RedisReply } from './redis-reply.ts';

/** In which stream of a shard: that of all groups, or what is delivered to one group again. */
export type StreamName = 'stream' | 'again';

const AGAIN = 'again-';

export const positionOf = (name: StreamName, id: string): string => (name === 'again' ? `${AGAIN}${id}` : id);

export const parsePosition = (position: string): [name: StreamName, id: string] =>
  position.startsWith(AGAIN) ? ['again', position.slice(AGAIN.length)] : ['stream', position];

/** The values of an entry stand behind their names. The first field is the number, or where a dead letter was. */
const FIELDS = { first: 1, sessionId: 3, sequence: 5, t: 7, guildId: 9, bytes: 11, shardId: 13, error: 15 } as const;

export function dispatchOf(entry: RedisReply, shardId: number, name: StreamName, attempt: number): LoggedDispatch {
  const fields = entry.list(1);
  const guildId = fields.text(FIELDS.guildId);
  return {
    position: positionOf(name, entry.text(0)),
    shardId,
    sessionId: fields.text(FIELDS.sessionId),
    sequence: fields.number(FIELDS.sequence),
    t: fields.text(FIELDS.t),
    guildId: guildId === '' ? null : guildId,
    bytes: fields.bytes(FIELDS.bytes),
    attempt,
    isRedelivered: name === 'again',
  };
}

/** The fields of a dead letter after the first, which the script adds. */
export const deadLetterFields = (dispatch: LoggedDispatch, error: string): ScriptArgument[] => [
  'i',
  dispatch.sessionId,
  's',
  dispatch.sequence,
  't',
  dispatch.t,
  'g',
  dispatch.guildId ?? '',
  'd',
  dispatch.bytes,
  'h',
  dispatch.shardId,
  'e',
  error,
  'a',
  dispatch.attempt,
];

export function deadLetterOf(entry: RedisReply): DeadLetter & { readonly id: string } {
  const fields = entry.list(1);
  const shardId = fields.number(FIELDS.shardId);
  const [, name = '', original = ''] = fields.text(FIELDS.first).split(' ');
  const streamName: StreamName = name === 'again' ? 'again' : 'stream';
  const id = entry.text(0);
  const attempt = fields.number(FIELDS.error + 2);
  const dispatch = { ...dispatchOf(entry, shardId, streamName, attempt), position: positionOf(streamName, original) };
  return { id, position: `${id}@${shardId}`, dispatch, error: fields.text(FIELDS.error) };
}
