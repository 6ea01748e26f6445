import { describe, expect, test } from 'vitest';
import { VERSION } from '../../src/index.ts';
import { runCli } from './run-cli.ts';

describe('shardwright', () => {
  test('prints its help, which names every command', async () => {
    const { code, stdout, stderr } = await runCli(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ {2}demo /m);
    expect(stdout).toMatch(/^ {2}connect /m);
    expect(stdout).toMatch(/^ {2}inspect /m);
    expect(stdout).toMatch(/^ {2}doctor /m);
    expect(stdout).toMatch(/^ {2}status /m);
  });

  test('prints its help without arguments', async () => {
    expect(await runCli([])).toEqual(await runCli(['--help']));
  });

  test.each(['demo', 'connect', 'doctor', 'inspect'])('prints the help of %s', async (name) => {
    const { code, stdout, stderr } = await runCli([name, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`shardwright ${name} [OPTIONS]`);
  });

  test('prints its version', async () => {
    expect(await runCli(['--version'])).toEqual({ code: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  test.each([
    [['juggle'], "unknown command 'juggle'; see shardwright --help"],
    [['--juggle'], "unknown option '--juggle'; see shardwright --help"],
    [['demo', '--juggle'], "demo: unknown option '--juggle'; see shardwright demo --help"],
    [['demo', '--seed'], "demo: option '--seed <value>' argument missing; see shardwright demo --help"],
    [['demo', '--seed', 'x'], 'demo: --seed must be an integer from 0 to 4294967295'],
    [['demo', '--shards', '0'], 'demo: --shards must be an integer from 1 to 1000'],
    [['demo', '--shards', '4', '--workers', 'two'], 'demo: --workers must be an integer from 0 to 64'],
    [['demo', '--nodes', '7'], 'demo: --nodes must be an integer from 1 to 6'],
    [['demo', '--nodes', '3', '--shards', '21'], 'demo: --shards must be an integer from 1 to 20'],
    [['demo', '--nodes', '3', '--forever'], "demo: --forever can't be used with --nodes"],
    [['demo', '--workers', '2'], 'demo: --workers needs --shards; one shard always runs in this thread'],
    [
      ['doctor', '--api', 'discord.com'],
      'doctor: --api must be an http:// or https:// URL, such as https://discord.com/api/v10',
    ],
    [
      ['status'],
      'status: --url must be the http:// URL that serveStatus() returned, such as http://127.0.0.1:7979/; a cluster needs --redis',
    ],
    [['status', '--app', 'bot'], 'status: --redis must be the URL of Redis, such as redis://127.0.0.1:6379'],
    [
      ['status', '--redis', 'redis://127.0.0.1:9'],
      'status: --app must be the app that the nodes pass to redisEngine()',
    ],
    [
      ['status', '--redis', 'http://127.0.0.1:9', '--app', 'bot'],
      'status: --redis must be a redis:// or rediss:// URL, such as redis://127.0.0.1:6379',
    ],
    [
      ['status', '--redis', 'redis://127.0.0.1:9', '--app', 'my bot'],
      'status: --app must be 1 to 64 characters of A-Z a-z 0-9 _ -',
    ],
    [
      ['status', '--url', 'http://127.0.0.1:9', '--app', 'bot'],
      'status: --url is for one process, --redis and --app are for a cluster; pass one of both',
    ],
    [['drain', '--app', 'bot'], 'drain takes one NODE, and options; see shardwright drain --help'],
    [['drain', 'a', 'b'], 'drain takes one NODE, and options; see shardwright drain --help'],
    [['drain', 'a'], 'drain: --redis must be the URL of Redis, such as redis://127.0.0.1:6379'],
    [
      ['status', '--url', 'ws://127.0.0.1'],
      'status: --url must be the http:// URL that serveStatus() returned, such as http://127.0.0.1:7979/; a cluster needs --redis',
    ],
    [['inspect', '--port', '70000'], '--port must be a port from 0 to 65535'],
    [['inspect', '--port', 'x'], '--port must be a port from 0 to 65535'],
    [['demo', 'slowly'], 'demo takes options only; see shardwright demo --help'],
  ])('with %j prints one line that names the problem, and exits with 2', async (args, line) => {
    expect(await runCli(args)).toEqual({ code: 2, stdout: '', stderr: `shardwright: ${line}\n` });
  });

  test('does not repeat an argument that may be a misplaced token', async () => {
    const pasted = 'MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs';
    const runs = await Promise.all(
      [[pasted], ['connect', pasted], ['connect', `--token=${pasted}`], ['connect', '--token', pasted]].map((args) =>
        runCli(args),
      ),
    );
    expect(runs.map(({ code }) => code)).toEqual([2, 2, 2, 2]);
    expect(runs.map(({ stderr }) => stderr).join('')).not.toContain(pasted);
  });
});
