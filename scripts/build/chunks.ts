/**
 * Which files the entries share. Left alone, the bundler makes one for each combination of entries that needs a piece: a
 * bot would load thirty, and each costs Node as much as some thousand lines.
 */
import { join } from 'node:path';
import type { ChunkingContext, CodeSplittingOptions } from 'rolldown';
import { ROOT } from '../run.ts';
import { ENTRIES } from './entries.ts';

/** Of what a bot loads, the part that these entries load too is a file of its own, so that they don't load a bot. */
const WITHOUT_BOT = ['testing', 'prometheus', 'opentelemetry', 'inspect-legacy', 'cli'];

/** The machines have an entry that loads nothing else, and the check of Node's version has to run before all else. */
const APART = /\/machines\/|\/protocol\/(?:require-node|node-version)\.ts$/;

/** The modules that entries load at once, without those that they import later. */
function loadedBy(names: readonly string[], context: ChunkingContext): ReadonlySet<string> {
  const loaded = new Set(names.map((name) => join(ROOT, ENTRIES[name] ?? name)));
  for (const id of loaded) for (const imported of context.getModuleInfo(id)?.importedIds ?? []) loaded.add(imported);
  return loaded;
}

/** Returns the name of the shared file for each module; `null` where the bundler may choose. */
function sharedFiles(context: ChunkingContext): (id: string) => string | null {
  const withoutBot = loadedBy(WITHOUT_BOT, context);
  const shard = loadedBy(['shardwright-thread'], context);
  const bot = loadedBy(['index'], context);
  return (id) => {
    if (APART.test(id) || !bot.has(id)) return null;
    if (withoutBot.has(id)) return 'common';
    return shard.has(id) ? 'shard' : 'manager';
  };
}

export function codeSplitting(): CodeSplittingOptions {
  let nameOf: ReturnType<typeof sharedFiles> | null = null;
  return {
    groups: [{ name: (id, context) => (nameOf ??= sharedFiles(context))(id) }],
    // What a file imports is in itself or in a file before it: each set above holds the imports of its modules.
    includeDependenciesRecursively: false,
  };
}
