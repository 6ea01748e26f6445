/**
 * Checks the options that need no other option to be judged, such as the objects and functions of users. One with a
 * missing method would fail in the middle of a connection.
 */
import type { Compression } from '../protocol/gateway-url.ts';
import { assertOption, invalidOption, isCount, isObject, isPositiveInteger } from '../protocol/validation.ts';
import type { Fields } from '../protocol/validation.ts';
import type { SessionStore } from '../session/session-store.ts';
import { isRecorder, keepsSnapshots } from '../session/snapshot/snapshot-store.ts';

interface PartRule {
  readonly isValid: (value: unknown) => boolean;
  /** Completes the sentence "OPTION must be …". */
  readonly expected: string;
}

const isFunction = (value: unknown): boolean => typeof value === 'function';
const FUNCTION: PartRule = { isValid: isFunction, expected: 'a function' };
const BOOLEAN: PartRule = { isValid: (value) => typeof value === 'boolean', expected: 'true or false' };
const POSITIVE_INTEGER: PartRule = { isValid: isPositiveInteger, expected: 'a positive integer' };

const COMPRESSIONS: readonly unknown[] = ['none', 'payload', 'zlib-stream', 'zstd-stream'] satisfies Compression[];

/** A string of this size fits in every version of Node. */
const MAX_MESSAGE_BYTES = 256 * 1024 * 1024;

/** An object of a class has its methods in the prototype, which `isObject` does not mind. */
const objectWith = (...methods: readonly string[]): PartRule => ({
  isValid: (value) => isObject(value) && methods.every((name) => isFunction(value[name])),
  expected: `an object with ${methods.map((name) => `${name}()`).join(', ')}`,
});

const SESSION_STORE = objectWith('load', 'save', 'clear');
/** Methods that a store may have. */
const STORE_METHODS = ['claim', 'loadStarts', 'saveStarts'];
const STORE: PartRule = {
  isValid: (value) =>
    SESSION_STORE.isValid(value) && isObject(value) && STORE_METHODS.every((name) => isOptionalFunction(value[name])),
  expected: `${SESSION_STORE.expected}, and with ${STORE_METHODS.join('(), ')}() or without them`,
};

/** IDENTIFY has room for 4096 bytes in all. */
const MAX_PROPERTY_BYTES = 128;
const isProperty = (value: unknown): boolean =>
  value === undefined || (typeof value === 'string' && Buffer.byteLength(value) <= MAX_PROPERTY_BYTES);

/** Reads a field of a part whose getter may throw. What uses the part reports that. */
function read(part: Fields, name: string): unknown {
  try {
    return part[name];
  } catch {
    return undefined;
  }
}

const isOptionalFunction = (value: unknown): boolean => value === undefined || isFunction(value);

const isObserver = (value: unknown): boolean =>
  isFunction(value) ||
  (isObject(value) && ['next', 'attach', 'attachManager'].every((name) => isOptionalFunction(read(value, name))));

const PARTS = {
  version: POSITIVE_INTEGER,
  compression: {
    isValid: (value) => COMPRESSIONS.includes(value),
    expected: `one of ${COMPRESSIONS.join(', ')}`,
  },
  largeThreshold: {
    isValid: (value) => isCount(value) && value >= 50 && value <= 250,
    expected: 'an integer from 50 to 250',
  },
  maxMessageBytes: {
    isValid: (value) => isPositiveInteger(value) && value <= MAX_MESSAGE_BYTES,
    expected: `an integer from 1 to ${MAX_MESSAGE_BYTES}`,
  },
  maxBufferedBytes: POSITIVE_INTEGER,
  properties: {
    isValid: (value) => isObject(value) && [value['os'], value['browser'], value['device']].every(isProperty),
    expected: `an object with os, browser and device, each a string of up to ${MAX_PROPERTY_BYTES} bytes`,
  },
  shouldReconnect: BOOLEAN,
  restoreVoiceStates: BOOLEAN,
  sessionStore: STORE,
  warmStart: BOOLEAN,
  identifyGate: objectWith('acquire'),
  timing: { isValid: isObject, expected: 'an object' },
  rewriteUrl: FUNCTION,
  agent: { isValid: isObject, expected: 'an http.Agent' },
  createSocket: FUNCTION,
  logger: objectWith('debug', 'info', 'warn', 'error'),
  inspect: {
    isValid: (value) => (Array.isArray(value) ? value.every(isObserver) : isObserver(value)),
    expected: 'an observer, which is a function or an object with next(), or an array of observers',
  },
  clock: objectWith('now', 'setTimeout', 'clearTimeout'),
  random: FUNCTION,
} satisfies Record<string, PartRule>;

/** Made once, because a process may have hundreds of shards. */
const PART_NAMES = Object.keys(PARTS) as readonly (keyof typeof PARTS)[];

/** @throws {@link GatewayError} `INVALID_OPTIONS`, naming the option. */
export function assertParts(options: object): void {
  const invalid = PART_NAMES.find((name) => {
    const value: unknown = Reflect.get(options, name);
    return value !== undefined && !PARTS[name].isValid(value);
  });
  if (invalid !== undefined) throw invalidOption(`${invalid} must be ${PARTS[invalid].expected}`);
}

/** @throws {@link GatewayError} `INVALID_OPTIONS` if the store can't keep the guilds for the next process. */
export function resolveWarmStart(warmStart: boolean | undefined, store: SessionStore | undefined): boolean {
  const canKeep = store !== undefined && (isRecorder(store) || keepsSnapshots(store));
  assertOption(
    warmStart !== true || canKeep,
    'warmStart needs a sessionStore that keeps snapshots, such as a FileSessionStore: one with loadSnapshot(), saveSnapshot(), appendSnapshot() and clearSnapshot()',
  );
  return warmStart === true;
}

/** Wraps a `random` of a user: delays that are not numbers would become none. */
export function safeRandom(random: () => number): () => number {
  return () => {
    try {
      const value = random();
      return value >= 0 && value <= 1 ? value : 0.5;
    } catch {
      return 0.5;
    }
  };
}
