/** Checks the package `create-shardwright`: what it creates is tested, started, stopped, and started again. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FakeGateway } from '../../src/testing/index.ts';
import { npmInstall } from '../package-checks.ts';
import { ROOT, run } from '../run.ts';
import { StartedBot } from './started-bot.ts';

const TEMPLATES = ['plain', 'discord.js', '@discordjs/core'];
const LANGUAGES = ['javascript', 'typescript'];

/** What the projects need besides shardwright. The workspaces of the repository have it already. */
const OTHERS = ['discord.js', '@discordjs/core', '@discordjs/rest', 'typescript', '@types/node'];

const TOKEN = 'starter-token';
const WRONG_TOKEN = 'NjQ.starter';
const PING = {
  id: '900',
  channel_id: '20',
  guild_id: '10',
  content: '!ping',
  author: { id: '30', username: 'Ann', discriminator: '0', global_name: null, avatar: null },
};

/** Packs the starter. Resolves with the path of the tarball. */
async function packStarter(directory: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(ROOT, 'create-shardwright', 'package.json'), 'utf8')) as {
    version: string;
  };
  await run('npm', ['pack', '--workspace', 'create-shardwright', '--loglevel=error', '--pack-destination', directory], {
    capture: true,
  });
  return join(directory, `create-shardwright-${version}.tgz`);
}

async function link(name: string, project: string): Promise<void> {
  const [from] = ['examples', '.'].map((folder) => join(ROOT, folder, 'node_modules', name)).filter(existsSync);
  if (from === undefined) throw new Error(`${name} is in no workspace`);
  const to = join(project, 'node_modules', name);
  if (existsSync(to)) return;
  await mkdir(dirname(to), { recursive: true });
  await symlink(from, to, 'junction');
}

/** Installs both packages into a folder, below which the projects find them. */
export async function installStarter(directory: string, shardwright: string): Promise<void> {
  const starter = await packStarter(directory);
  await run('publint', ['run', starter, '--strict']);
  const folder = join(directory, 'starter');
  await mkdir(folder);
  await npmInstall(folder, [shardwright, starter]);
  for (const name of OTHERS) await link(name, folder);
}

async function checkWithoutToken(project: string): Promise<void> {
  const bot = await StartedBot.start(project);
  await bot.printed('this is a fake Discord in this process');
  await bot.printed('The bot is ready.');
  bot.type('!ping');
  await bot.printed('bot: pong');
  await bot.stop();
}

/** The second start must resume the session of the first one, and answer what was said in between. */
async function checkWithToken(project: string): Promise<void> {
  const answers: unknown[] = [];
  const { promise: answered, resolve: onAnswer } = Promise.withResolvers<void>();
  const gateway = await FakeGateway.listen({
    token: TOKEN,
    strict: true,
    readyGuilds: [{ id: PING.guild_id, channels: [{ id: PING.channel_id, type: 0, name: 'general' }] }],
    rest({ method, path, body }) {
      if (method !== 'POST' || path !== `/channels/${PING.channel_id}/messages`) return null;
      answers.push((body as { content: unknown }).content);
      onAnswer();
      return { body: { ...PING, id: '901', content: 'pong' } };
    },
  });
  const env = { DISCORD_TOKEN: TOKEN, DISCORD_API: gateway.apiUrl };
  const first = await StartedBot.start(project, env);
  await first.printed('The bot is ready.');
  await first.stop();
  gateway.dispatch('MESSAGE_CREATE', PING);
  const second = await StartedBot.start(project, env);
  await second.reaches(answered, 'it answered what was said while it was stopped');
  await second.printed('The bot is ready.');
  await second.stop();
  const { identifies, resumes, violations } = gateway.stats;
  await gateway.close();
  const found = JSON.stringify({ identifies, resumes, violations, complaints: gateway.complaints, answers });
  const wanted = JSON.stringify({ identifies: 1, resumes: 1, violations: [], complaints: [], answers: ['pong'] });
  if (found !== wanted) throw new Error(`two starts with a token: ${found} instead of ${wanted}\n${second.output}`);
}

async function checkWrongToken(project: string): Promise<void> {
  const gateway = await FakeGateway.listen({ token: TOKEN });
  const bot = await StartedBot.start(project, { DISCORD_TOKEN: WRONG_TOKEN, DISCORD_API: gateway.apiUrl });
  await bot.ended(1);
  await gateway.close();
  if (!/token/i.test(bot.output) || bot.output.includes(WRONG_TOKEN))
    throw new Error(`with a wrong token the bot must say so, and not print it:\n${bot.output}`);
}

async function checkProject(folder: string, template: string, language: string): Promise<void> {
  const name = `${template}-${language}`.replaceAll(/[@/]/g, '');
  const command = join('node_modules', '.bin', 'create-shardwright');
  await run(command, [name, '--template', template, '--language', language, '--yes'], { cwd: folder, capture: true });
  const project = join(folder, name);
  await run('npm', ['test'], { cwd: project, capture: true });
  if (language === 'typescript') await run('npm', ['run', 'typecheck'], { cwd: project, capture: true });
  await checkWithoutToken(project);
  await checkWithToken(project);
  await checkWrongToken(project);
  console.log(`${template}, ${language}: passes its tests, runs with and without a token, resumes, and stops`);
}

/** Creates and tries a project of each template in each language, after {@link installStarter}. */
export async function checkStarter(directory: string): Promise<void> {
  const folder = join(directory, 'starter');
  for (const template of TEMPLATES)
    await Promise.all(LANGUAGES.map((language) => checkProject(folder, template, language)));
}
