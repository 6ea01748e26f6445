/** What `create-shardwright` asks, refuses and writes. `npm run starter` tries the projects themselves. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { StarterFolder } from './starter.ts';

const FILES = ['.env.example', '.gitignore', 'README.md', 'package.json'];
const filesIn = (folder: string, ...others: string[]): string[] =>
  [...FILES, ...others].map((file) => `${folder}/${file}`).toSorted();
const TYPESCRIPT = ['src/bot.ts', 'src/fake-discord.ts', 'src/main.ts', 'test/bot.test.ts', 'tsconfig.json'];
const JAVASCRIPT = ['src/bot.js', 'src/fake-discord.js', 'src/main.js', 'test/bot.test.js'];

describe('create-shardwright', () => {
  test('creates what the options say, and says how to go on', async () => {
    await using folder = await StarterFolder.create();
    const args = ['bots/ann', '--template', '@discordjs/core', '--language', 'js', '--package-manager', 'bun'];

    const { code, stdout, stderr } = await folder.run(args);

    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(
      `Created ann: @discordjs/core, javascript.\n\n  cd ${join('bots', 'ann')}\n  bun install\n  bun run test `,
    );
    expect(await folder.files()).toEqual(filesIn('bots/ann', ...JAVASCRIPT));
    const { name, dependencies } = JSON.parse(await folder.read('bots/ann/package.json')) as Record<string, object>;
    expect(name).toBe('ann');
    expect(Object.keys(dependencies ?? {})).toEqual(['@discordjs/core', '@discordjs/rest', 'shardwright']);
    expect(await folder.read('bots/ann/src/bot.js')).toContain(`from '@discordjs/core'`);
  });

  test('takes the defaults with --yes, on a terminal too, and shows the commands of the calling package manager', async () => {
    await using folder = await StarterFolder.create();

    const { code, stdout } = await folder.run(['--yes'], {
      answers: [],
      env: { npm_config_user_agent: 'pnpm/10.2.0 node/v24.9.0 linux x64' },
    });

    expect(code).toBe(0);
    expect(stdout).toContain('Created my-bot: plain, typescript.\n\n  cd my-bot\n  pnpm install\n');
    expect(await folder.files()).toEqual(filesIn('my-bot', ...TYPESCRIPT));
    expect(await folder.read('my-bot/README.md')).toMatch(/^# my-bot\n[^]*```sh\npnpm install\npnpm test /);
  });

  test('does not ask when stdin is no terminal', async () => {
    await using folder = await StarterFolder.create();

    const { code, stdout } = await folder.run([]);

    expect(code).toBe(0);
    expect(stdout).not.toContain('Template');
    expect(await folder.files()).toEqual(filesIn('my-bot', ...TYPESCRIPT));
  });

  test('creates a project in the current folder, even after git init', async () => {
    await using folder = await StarterFolder.create();
    const inner = join(folder.path, 'ann');
    await mkdir(join(inner, '.git'), { recursive: true });

    const { code, stdout } = await folder.run(['ann/.', '--language', 'javascript']);

    expect(code).toBe(0);
    expect(stdout).toContain('Created ann: plain, javascript.');
    expect(await folder.files()).toEqual(filesIn('ann', ...JAVASCRIPT));
  });

  test('asks on a terminal for what the options do not say, again after a wrong answer', async () => {
    await using folder = await StarterFolder.create();
    await writeFile(join(folder.path, 'taken'), '');

    const { code, stdout } = await folder.run(['--package-manager', 'yarn'], {
      answers: ['My Bot', 'taken', 'ann', '7', 'discord.js', '2'],
    });

    expect(code).toBe(0);
    expect(stdout.match(/Folder and name of the bot \(my-bot\): /g)).toHaveLength(3);
    expect(stdout).toContain('such as my-bot.');
    expect(stdout).toContain('taken is a file: choose another folder.');
    expect(stdout).toContain('Created ann: discord.js, javascript.\n\n  cd ann\n  yarn install\n');
    expect(await folder.read('ann/src/bot.js')).toContain(`from 'discord.js'`);
  });

  test('asks nothing on a terminal when the options say everything', async () => {
    await using folder = await StarterFolder.create();
    const { code, stdout } = await folder.run(['ann', '--template', 'plain', '--language', 'ts'], { answers: [] });
    expect(code).toBe(0);
    expect(stdout).not.toContain('Number or name');
  });

  test('creates nothing when the terminal is closed', async () => {
    await using folder = await StarterFolder.create();
    const { code, stderr } = await folder.run([], { answers: ['ann', '1'] });
    expect([code, stderr]).toEqual([1, '\nNothing was created.\n']);
    expect(await folder.files()).toEqual([]);
  });
});

describe('create-shardwright refuses', () => {
  test('a folder that is not empty, and changes nothing in it', async () => {
    await using folder = await StarterFolder.create();
    await mkdir(join(folder.path, 'ann'));
    await writeFile(join(folder.path, 'ann', 'package.json'), 'mine');

    const { code, stderr } = await folder.run(['ann', '--yes']);

    expect([code, stderr]).toEqual([1, 'create-shardwright: ann is not empty: choose another folder.\n']);
    expect(await folder.files()).toEqual(['ann/package.json']);
    expect(await folder.read('ann/package.json')).toBe('mine');
  });

  test('a folder that is not empty before it asks anything', async () => {
    await using folder = await StarterFolder.create();
    await writeFile(join(folder.path, 'ann'), '');
    const { code, stdout, stderr } = await folder.run(['ann'], { answers: [] });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe('create-shardwright: ann is a file: choose another folder.\n');
  });

  test.each(['Ann', 'my bot', '.ann', '_ann', 'ann!', 'node_modules', 'shardwright', 'discord.js', 'a'.repeat(215)])(
    'the name %j',
    async (name) => {
      await using folder = await StarterFolder.create();
      const { code, stderr } = await folder.run([name, '--yes']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^create-shardwright: (?:The name of the folder must|A bot can't be named) .+\.\n$/);
      expect(await folder.files()).toEqual([]);
    },
  );

  test.each([
    [['--template', 'eris'], '--template must be plain, discord.js, @discordjs/core'],
    [['--language', 'coffee'], '--language must be typescript, javascript'],
    [['--package-manager', 'pip'], '--package-manager must be npm, pnpm, yarn, bun'],
    [['ann', 'bob'], 'give one folder, not 2: ann bob'],
    [['--colour'], `Unknown option '--colour'; see npm create shardwright -- --help`],
    [['--template'], `Option '--template <value>' argument missing; see npm create shardwright -- --help`],
  ])('the command line %j', async (args, message) => {
    await using folder = await StarterFolder.create();
    const { code, stderr } = await folder.run(args);
    expect([code, stderr]).toEqual([2, `create-shardwright: ${message}\n`]);
    expect(await folder.files()).toEqual([]);
  });

  test.each(['18.20.8', '22.14.0', '4.9.1'])('Node %s, in one sentence', async (version) => {
    await using folder = await StarterFolder.create();
    const preload = `Object.defineProperty(process, 'versions', { value: { node: '${version}' } })`;
    const { code, stdout, stderr } = await folder.run(['--help'], { preload });
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toBe(
      `create-shardwright: shardwright needs Node 22.15 or later, and this is Node ${version}. ` +
        'Install a newer one from https://nodejs.org.\n',
    );
  });

  test('TypeScript on a Node that does not run it, and creates JavaScript if nothing else is said', async () => {
    await using folder = await StarterFolder.create();
    const preload = `Object.defineProperty(process.features, 'typescript', { value: false })`;

    const refused = await folder.run(['ann', '--language', 'typescript'], { preload });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toBe(
      `create-shardwright: TypeScript needs Node 22.18 or later, and this is Node ${process.versions.node}: use --language javascript
`,
    );

    expect(await folder.run(['ann'], { preload })).toMatchObject({ code: 0 });
    expect(await folder.files()).toEqual(filesIn('ann', ...JAVASCRIPT));
  });
});

test('create-shardwright --help names every choice', async () => {
  await using folder = await StarterFolder.create();
  const { code, stdout } = await folder.run(['--help']);
  expect(code).toBe(0);
  for (const choice of ['plain', 'discord.js', '@discordjs/core', 'typescript', 'javascript', 'npm, pnpm, yarn, bun'])
    expect(stdout).toContain(choice);
});
