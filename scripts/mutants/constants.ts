/** Makes the mutants of numbers: each named constant, doubled and halved in the text of its file. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../run.ts';
import type { MutantRef } from './mutant.ts';

/** `const NAME = 1_000;` at the top of a file, or `nameMs: 1_000,` in a table. */
const CONSTANT = /^(?:(?:export )?const [A-Z_]+ = |  \w+: )(?<value>[\d_.* /]*\d)(?<end>[;,])$/gm;

const CHANGES = { doubled: '* 2', halved: '/ 2' } as const;

interface NumberMutant {
  readonly id: string;
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

function numberMutants(file: string, code: string): NumberMutant[] {
  return [...code.matchAll(CONSTANT)].flatMap((match) => {
    const { value = '', end = '' } = match.groups ?? {};
    const name =
      match[0]
        .replace(/^(?:export )?const /, '')
        .split(/[ :]+/)
        .find((word) => word !== '') ?? '';
    const to = match.index + match[0].length - end.length;
    return Object.entries(CHANGES).map(([how, change]) => ({
      id: `${file} ${name}: ${how}`,
      from: to - value.length,
      to,
      text: `((${value}) ${change})`,
    }));
  });
}

const FOLDERS = [
  'machines',
  'machines/manager',
  'machines/shard',
  'src/actors',
  'src/connection',
  'src/decoding',
  'src/identify',
  'src/session',
  'src/shard',
];
/** Files whose numbers are not policy: bytes of a grammar, states of a WebSocket, modes of a file. */
const NOT_POLICY =
  /^src\/(?:decoding\/(?:dispatch-header|json-object-splitter|parse-packet|stream-decoder)|connection\/web-socket|session\/file-session-store)\.ts /;

export const constantMutants = (): MutantRef[] =>
  FOLDERS.flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`))
    .filter((file) => file.endsWith('.ts'))
    .flatMap((file) => numberMutants(file, readFileSync(join(ROOT, file), 'utf8')).map(({ id }) => ({ id, file })))
    .filter(({ id }) => !NOT_POLICY.test(id));

/** The text of a file with the mutant in it, or `undefined` when it is not in this file. */
export function mutated(file: string, code: string, mutant: string): string | undefined {
  if (!mutant.startsWith(`${file} `)) return undefined;
  const constant = numberMutants(file, code).find(({ id }) => id === mutant);
  return constant && code.slice(0, constant.from) + constant.text + code.slice(constant.to);
}
