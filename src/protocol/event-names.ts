/**
 * Checks names of events. A listener of a name that does not exist would never be called, so the name is refused, and
 * the error says the right one.
 */
import { GatewayError } from './errors.ts';
import { describeValue } from './validation.ts';

/** Discord's names look so, and new ones will; which of them exist the library does not know. */
const isDispatchName = (name: unknown): name is string =>
  typeof name === 'string' && /^[A-Z][A-Z\d]*(_[A-Z\d]+)*$/.test(name);

/** Returns the name of a dispatch for a name in another style: `MESSAGE_CREATE` for `messageCreate`. */
const toDispatchName = (name: string): string =>
  name
    .trim()
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z\d]+/g, '_')
    .toUpperCase();

/** @throws {@link GatewayError} `INVALID_OPTIONS`, with the right name. */
export function assertDispatchName(name: unknown): void {
  if (isDispatchName(name)) return;
  const suggestion = typeof name === 'string' ? toDispatchName(name) : '';
  const example = isDispatchName(suggestion) ? `'${suggestion.slice(0, 64)}'` : "a name such as 'MESSAGE_CREATE'";
  throw new GatewayError('INVALID_OPTIONS', `${describeValue(name)} is not the name of a dispatch; use ${example}`);
}

/** @throws {@link GatewayError} `INVALID_OPTIONS` unless it is an array of names of dispatches. */
export function assertEventNames(option: string, names: unknown): void {
  if (!Array.isArray(names)) throw new GatewayError('INVALID_OPTIONS', `${option} must be an array of event names`);
  for (const name of names) assertDispatchName(name);
}

/** @throws {@link GatewayError} `INVALID_OPTIONS` */
export function assertListener(name: string, listener: unknown): void {
  if (typeof listener === 'function') return;
  throw new GatewayError(
    'INVALID_OPTIONS',
    `the listener of ${name} must be a function, not ${describeValue(listener)}`,
  );
}

/** What people call our events elsewhere. */
const ADVICE: Readonly<Record<string, string>> = {
  error:
    "use 'fault' for problems that are survived, and 'failed' for the end. once() and on() of node:events listen to 'error' too: use the method once() instead",
  warn: "use 'fault'",
  debug: 'use the option logger',
  disconnect: "use 'disconnected'",
  close: "use 'disconnected'",
  closed: "use 'disconnected'",
  reconnecting: "use 'stateChange'",
  reconnect: "use 'reconnected'",
  connect: "use 'connected'",
  resume: "use 'resumed'",
  message: "use onDispatch('MESSAGE_CREATE', …)",
};

/**
 * @param known - the events of the emitter
 * @throws {@link GatewayError} `INVALID_OPTIONS`, with the right name.
 */
export function assertEventName(name: unknown, known: ReadonlySet<string>): void {
  if (typeof name === 'string' && known.has(name)) return;
  throw new GatewayError('INVALID_OPTIONS', `there is no event ${describeValue(name)}; ${adviceFor(name, known)}`);
}

function adviceFor(name: unknown, known: ReadonlySet<string>): string {
  const all = `the events are ${[...known].join(', ')}`;
  if (typeof name !== 'string') return all;
  const lowerCase = name.toLowerCase();
  const otherCase = [...known].find((event) => event.toLowerCase() === lowerCase);
  if (otherCase !== undefined) return `use '${otherCase}'`;
  if (Object.hasOwn(ADVICE, lowerCase)) return ADVICE[lowerCase] ?? all;
  const dispatch = toDispatchName(name);
  if (isDispatchName(dispatch) && dispatch.includes('_'))
    return `for a dispatch use onDispatch('${dispatch.slice(0, 64)}', …); ${all}`;
  return all;
}
