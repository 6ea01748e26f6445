/** The oldest Node that the package runs on. */

const MIN_NODE: readonly [major: number, minor: number] = [22, 15];

/** Returns what to do if this version of Node is too old, else `null`. Bun and Deno report the Node they stand for. */
export function nodeAdvice(version: string): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])
    ? null
    : `Install Node ${MIN_NODE.join('.')} or later.`;
}

/** The sentence for whoever starts the package with a Node that is too old; `null` for any other. */
export function nodeRefusal(version: string = process.versions.node): string | null {
  return nodeAdvice(version) === null
    ? null
    : `shardwright needs Node ${MIN_NODE.join('.')} or later, and this is Node ${version}`;
}
