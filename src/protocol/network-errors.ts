/**
 * Says in one line what went wrong on the network. Errors of Node often have an empty message, or one without the host,
 * and those of HTTP clients may carry the request with its headers, and so the token.
 */

/** How many addresses of a host are named. */
const MAX_ERRORS = 8;
/** How deep causes are followed: an error can be its own cause. */
const MAX_DEPTH = 4;

/** OpenSSL's codes that Node puts on an error when it does not accept a certificate. */
const CERTIFICATE_CODE =
  /^(?:ERR_TLS_CERT_\w+|CERT_\w+|CRL_\w+|\w*SELF_SIGNED_CERT\w*|UNABLE_TO_\w+|INVALID_CA|INVALID_PURPOSE|HOSTNAME_MISMATCH|PATH_LENGTH_EXCEEDED|ERROR_IN_CERT_\w+)$/;
/** OpenSSL's words for an answer that is not TLS. */
const NOT_TLS = /wrong version number|packet length too long|unknown protocol|http request/;
/** `ECONNRESET` and its like; codes of libraries only repeat the message. */
const SYSTEM_CODE = /^E[A-Z0-9]+$/;

const CERTIFICATE_HINT =
  'Check the clock of this machine, and whether a proxy or virus scanner opens TLS connections; ' +
  'NODE_EXTRA_CA_CERTS adds its certificate authority.';

const codeOf = (cause: unknown): string | null =>
  cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : null;

const errorsOf = (cause: Error): readonly unknown[] =>
  'errors' in cause && Array.isArray(cause.errors) ? cause.errors : [];

function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return 'a value that has no text';
  }
}

/** Returns what a thrown value says, which need not be an error. Never empty, never throws. */
export function messageOf(cause: unknown, depth = 0): string {
  if (!(cause instanceof Error)) return textOf(cause);
  const code = codeOf(cause);
  const own = textOf(cause.message);
  if (code !== null && CERTIFICATE_CODE.test(code)) return `the certificate was not accepted: ${own} (${code})`;
  if (code === 'EPROTO' && NOT_TLS.test(own)) return 'the server does not answer with TLS (EPROTO)';
  // Node tries all addresses of a host. `fetch` puts what happened into the cause.
  const inner = errorsOf(cause).length > 0 ? errorsOf(cause) : cause instanceof TypeError ? [cause.cause] : [];
  const details =
    depth < MAX_DEPTH ? inner.flatMap((error) => (error instanceof Error ? [messageOf(error, depth + 1)] : [])) : [];
  const text = [own, [...new Set(details)].slice(0, MAX_ERRORS).join('; ')].filter((part) => part !== '').join(': ');
  if (text === '') return code ?? textOf(cause.name);
  return code === null || !SYSTEM_CODE.test(code) || text.includes(code) ? text : `${text} (${code})`;
}

/** Returns what went wrong with a host, which is named even if the error does not name it. */
export function hostFailure(url: string, cause: unknown): string {
  const message = messageOf(cause);
  const { host, hostname } = URL.canParse(url) ? new URL(url) : { host: '', hostname: '' };
  return host === '' || message.includes(hostname) ? message : `${host}: ${message}`;
}

/** Returns what to do when a certificate was not accepted; `undefined` for another error. */
export function certificateHint(cause: unknown, depth = 0): string | undefined {
  if (!(cause instanceof Error) || depth > MAX_DEPTH) return undefined;
  if (CERTIFICATE_CODE.test(codeOf(cause) ?? '')) return CERTIFICATE_HINT;
  for (const inner of [cause.cause, ...errorsOf(cause)]) {
    const hint = certificateHint(inner, depth + 1);
    if (hint !== undefined) return hint;
  }
  return undefined;
}

/** What a network error of Node says about itself. Nothing else is kept of an error that carries more. */
const DETAIL_KEYS = [
  'code',
  'errno',
  'syscall',
  'address',
  'port',
  'host',
  'hostname',
  'status',
  'statusCode',
] as const;
const KNOWN_KEYS: ReadonlySet<PropertyKey> = new Set(
  [DETAIL_KEYS, ['name', 'message', 'stack', 'cause', 'errors', 'reason', 'hint', 'closeCode']].flat(),
);

const isPrimitiveFact = (value: unknown): boolean =>
  typeof value === 'boolean' || typeof value === 'number' || value === null || value === undefined;

/**
 * Returns the error if it says only what went wrong. Else returns a copy without the rest: an HTTP client may attach
 * the request, whose headers contain the token.
 * @param redact - removes the token from a text
 */
export function withoutRequest(cause: unknown, redact: (text: string) => string = (text) => text, depth = 0): unknown {
  if (depth > MAX_DEPTH) return undefined;
  if (!(cause instanceof Error)) {
    return typeof cause === 'object' || typeof cause === 'function' || typeof cause === 'symbol'
      ? new Error(redact(textOf(cause)))
      : typeof cause === 'string'
        ? redact(cause)
        : cause;
  }
  try {
    return plainError(cause, redact, depth);
  } catch {
    // A getter of the error threw.
    return new Error('the error could not be read');
  }
}

function plainError(error: Error, redact: (text: string) => string, depth: number): Error {
  const { message, stack = '' } = error;
  const fields = error as unknown as Readonly<Record<PropertyKey, unknown>>;
  const nested = 'cause' in error ? withoutRequest(error.cause, redact, depth + 1) : undefined;
  const errors = errorsOf(error).map((inner) => withoutRequest(inner, redact, depth + 1));
  const isPlain =
    Reflect.ownKeys(error).every((key) => KNOWN_KEYS.has(key) || isPrimitiveFact(fields[key])) &&
    nested === error.cause &&
    errors.every((inner, index) => inner === errorsOf(error)[index]) &&
    redact(`${message}\n${stack}`) === `${message}\n${stack}`;
  if (isPlain) return error;
  const copy = errors.length > 0 ? new AggregateError(errors, redact(message)) : new Error(redact(message));
  if (nested !== undefined) copy.cause = nested;
  copy.name = error.name;
  copy.stack = redact(stack);
  for (const key of DETAIL_KEYS) {
    const value = fields[key];
    if (isPrimitiveFact(value) ? value !== undefined : typeof value === 'string')
      Object.assign(copy, { [key]: typeof value === 'string' ? redact(value) : value });
  }
  return copy;
}
