/** The entries of the package: the name of each built file, and the source that it is built from. */
export const ENTRIES: Readonly<Record<string, string>> = {
  index: 'src/index.ts',
  machines: 'machines/index.ts',
  // Not a name that a bundle of a bot would have beside it by accident.
  'shardwright-thread': 'src/manager/workers/thread/entry.ts',
  testing: 'src/testing/index.ts',
  discordjs: 'src/discordjs/index.ts',
  discordeno: 'src/discordeno/index.ts',
  seyfert: 'src/seyfert/index.ts',
  prometheus: 'src/metrics/prometheus.ts',
  opentelemetry: 'src/metrics/opentelemetry.ts',
  inspect: 'src/inspect/index.ts',
  'inspect-legacy': 'src/inspect/xstate4/index.ts',
  redis: 'src/redis/index.ts',
  recorder: 'src/recorder/index.ts',
  cli: 'src/cli/main.ts',
};

/** Returns the source of a built file such as `./dist/index.js` or `./dist/index.d.ts`. */
export function sourceOf(built: string): string {
  const name = built.replace(/^(\.\/)?dist\//, '').replace(/(\.d\.ts|\.js)$/, '');
  const source = ENTRIES[name];
  if (source === undefined)
    throw new Error(`package.json names ${built}, which scripts/build/entries.ts does not list`);
  return source;
}
