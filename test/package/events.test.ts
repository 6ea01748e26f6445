/** docs/events.md against the declarations. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readInterface } from '../../scripts/options/declarations.ts';
import { ROOT } from './source-tree.ts';

const page = readFileSync(join(ROOT, 'docs/events.md'), 'utf8');

function listedUnder(heading: string): string[] {
  const [section = ''] = page.slice(page.indexOf(`## ${heading}`) + heading.length + 3).split('\n## ');
  return [...section.matchAll(/^\| `(\w+)` \|/gm)].map(([, name = '']) => name);
}

const declaredIn = (file: string, name: string): string[] =>
  readInterface(file, name).options.map((event) => event.name);

describe('docs/events.md', () => {
  test('lists every event of a shard, in the order of the source', () => {
    expect(listedUnder('Of a shard')).toEqual(declaredIn('src/shard/shard-events.ts', 'ShardEvents'));
  });

  test('lists every event that only a manager has', () => {
    const ofManager = declaredIn('src/manager/manager-events.ts', 'ManagerEvents');
    const ofShard = declaredIn('src/shard/shard-events.ts', 'ShardEvents');
    expect(listedUnder('Of a manager')).toEqual(ofManager.filter((name) => !ofShard.includes(name)));
  });

  test('lists every event of a consumer', () => {
    const file = 'src/cluster/consumer/dispatch-consumer.ts';
    expect(listedUnder('Of a consumer')).toEqual(declaredIn(file, 'ConsumerEvents'));
  });
});
