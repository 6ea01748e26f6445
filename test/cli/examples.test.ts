/** The examples, run with the commands from the README. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../../scripts/run.ts';
import type { CliResult } from './run-cli.ts';

const LIMIT_MS = 120_000;

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
const commands =
  read('README.md')
    .match(/npm run example:[^\n#]+/g)
    ?.map((command) => command.trim()) ?? [];

function run(command: string): Promise<CliResult> {
  const { DISCORD_TOKEN: _, FORCE_COLOR: __, ...inherited } = process.env;
  const [program = '', ...args] = command.replace('npm run', 'npm run --silent').split(' ');
  return new Promise((resolve) => {
    const child = execFile(
      program,
      args,
      { cwd: ROOT, env: { ...inherited, NO_COLOR: '1' } },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout: stripVTControlCharacters(stdout), stderr }),
    );
  });
}

const linesOf = ({ stdout }: CliResult): string[] =>
  stdout
    .trim()
    .split('\n')
    .map((line) => line.trim());

const INTRODUCTION = 'Using a fake Discord in this process. Use --live for the real one.';
const PING = ['Ann: !ping', 'bot: pong'];
const MEMBERS = ['Ann: !members', 'bot: member-0, member-1, fake-bot'];
const SHARDED = [0, 1, 2].flatMap((id) => ['Ann: !ping', `bot: pong from shard ${id}`]);

/** The lines of the conversation, in order. The bot prints its own state in between, at any time. */
const CONVERSATIONS: Record<string, string[]> = {
  'npm run example:bot': [...PING, 'The connection breaks.', ...PING],
  'npm run example:discordjs': [...PING, 'The connection breaks.', ...MEMBERS],
  'npm run example:discordjs-core': [...PING, ...MEMBERS],
  'npm run example:sapphire': [...PING, 'The connection breaks.', ...PING],
  'npm run example:necord': [...PING, 'The connection breaks.', ...PING],
  'npm run example:discordx': [...PING, 'The connection breaks.', ...PING],
  'npm run example:discordeno': [...PING, 'The connection breaks.', ...PING],
  'npm run example:seyfert': [...PING, 'The connection breaks.', ...PING],
  'npm run example:sharded': [...SHARDED, 'All connections break.', ...SHARDED],
  'npm run example:sharded -- --workers 2': [...SHARDED, 'All connections break.', ...SHARDED],
};

describe('the examples', () => {
  test('each have a command in the README', () => {
    expect(commands.toSorted()).toEqual([...Object.keys(CONVERSATIONS), 'npm run example:test'].toSorted());
    expect(new Set(commands.map((command) => command.split(' ')[2]))).toEqual(
      new Set(Object.keys(scripts).filter((name) => name.startsWith('example:'))),
    );
  });

  test.each(Object.entries(CONVERSATIONS))(
    '%s: the bot answers, also after its connections broke, and exits with 0',
    { timeout: LIMIT_MS },
    async (command, expected) => {
      const finished = await run(command);
      expect(finished).toMatchObject({ code: 0, stderr: '' });
      const [introduction, ...lines] = linesOf(finished);
      expect(introduction).toBe(INTRODUCTION);
      expect(lines.filter((line) => /^(?:Ann: |bot: |The connection |All connections )/.test(line))).toEqual(expected);
    },
  );

  test('npm run example:test: the tests of the bot pass', { timeout: LIMIT_MS }, async () => {
    const finished = await run('npm run example:test');
    expect(finished.code).toBe(0);
    expect(linesOf(finished).find((line) => line.startsWith('Tests '))).toBe('Tests  2 passed (2)');
  });

  test('--live without a token says that it needs one, and exits with 1', { timeout: LIMIT_MS }, async () => {
    const finished = await run('npm run example:bot -- --live');
    expect(finished).toEqual({
      code: 1,
      stdout: '',
      stderr: '--live needs the token of your bot in DISCORD_TOKEN, such as: DISCORD_TOKEN=… npm run …\n',
    });
  });
});
