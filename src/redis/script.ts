/** A Lua script: one atomic step in the engine. Redis keeps it under its digest, so a call sends only the digest. */
import { createHash } from 'node:crypto';

export interface Script {
  /** The name of its file, for messages. */
  readonly name: string;
  readonly source: string;
  readonly sha: string;
}

/** Returns a script that begins with the functions that it shares with others. */
export function script(name: string, ...parts: readonly string[]): Script {
  const source = parts.join('\n');
  return { name, source, sha: createHash('sha1').update(source).digest('hex') };
}
