/** What a failed call means: whether Redis can't be used now, or not at all, and how to say so. */
import { GatewayError } from '../protocol/errors.ts';
import { messageOf } from '../protocol/network-errors.ts';

export interface RedisFailure {
  /** `cut`: the server was not reached. `refused`: it answered, and does not take writes now. */
  readonly kind: 'cut' | 'refused' | 'wrongType' | 'unusable' | 'bug';
  readonly message: string;
}

type Rule = Pick<RedisFailure, 'kind' | 'message'>;

const refused = (message: string): Rule => ({ kind: 'refused', message });
const unusable = (message: string): Rule => ({ kind: 'unusable', message });

/** By the first word of the answer. */
const REPLIES: Readonly<Record<string, Rule>> = {
  LOADING: refused('Redis is still loading its data'),
  READONLY: refused('this Redis is a replica, which takes no writes'),
  OOM: refused('Redis is out of memory: it has reached maxmemory'),
  MISCONF: refused('Redis takes no writes, because it can not save to its disk'),
  MASTERDOWN: refused('the master of this Redis is down'),
  NOREPLICAS: refused('Redis takes no writes, because it has too few replicas'),
  BUSY: refused('Redis is busy with a script'),
  CLUSTERDOWN: refused('the Redis Cluster is down'),
  TRYAGAIN: refused('Redis Cluster is moving keys'),
  ASK: refused('Redis Cluster is moving keys'),
  MOVED: unusable('this server is a part of a Redis Cluster: pass a client of createCluster() as the option client'),
  CROSSSLOT: { kind: 'bug', message: 'keys of one step are in different slots' },
  NOAUTH: unusable('Redis asks for a password'),
  WRONGPASS: unusable('Redis does not accept the user name or the password'),
  NOPERM: unusable('the user may not run what the engine needs: EVAL, streams, hashes and sharded Pub/Sub'),
  WRONGTYPE: { kind: 'wrongType', message: 'a key has a value of another kind' },
};

/** An answer with an error begins with a word in capitals. */
const FIRST_WORD = /^([A-Z]{2,})(?: |$)/;

export function failureOf(error: unknown): RedisFailure {
  const text = messageOf(error);
  const word = FIRST_WORD.exec(text)?.[1] ?? '';
  const rule = Object.hasOwn(REPLIES, word) ? REPLIES[word] : undefined;
  if (rule !== undefined) return rule;
  if (word !== 'ERR') return { kind: 'cut', message: text };
  return { kind: /user_script|Script/.test(text) ? 'bug' : 'refused', message: text };
}

export const unavailableError = (message: string, cause?: unknown): GatewayError =>
  new GatewayError('ENGINE_UNAVAILABLE', message, cause === undefined ? {} : { cause });

export const invalidError = (message: string, cause?: unknown): GatewayError =>
  new GatewayError('ENGINE_INVALID', message, cause === undefined ? {} : { cause });
