import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { GatewayError } from '../../src/index.ts';
import { resolveProxy } from '../../src/http/proxy/proxy-selection.ts';

const GATEWAY = new URL('wss://gateway.discord.gg');

describe('the proxy of a URL', () => {
  test.each([
    ['nothing', {}, undefined],
    ['HTTPS_PROXY', { HTTPS_PROXY: 'http://proxy:3128' }, 'proxy:3128'],
    ['https_proxy', { https_proxy: 'http://proxy:3128' }, 'proxy:3128'],
    ['ALL_PROXY', { ALL_PROXY: 'socks5://proxy' }, 'proxy:1080'],
    ['all_proxy', { all_proxy: 'socks://proxy:1081/' }, 'proxy:1081'],
    ['HTTPS_PROXY before ALL_PROXY', { ALL_PROXY: 'socks5h://one', HTTPS_PROXY: 'https://two' }, 'two:443'],
    ['ALL_PROXY if HTTPS_PROXY is empty', { ALL_PROXY: 'http://one', HTTPS_PROXY: '' }, 'one:80'],
    ['a host without a scheme', { HTTPS_PROXY: 'proxy:3128' }, 'proxy:3128'],
    ['HTTP_PROXY, which is not for the gateway', { HTTP_PROXY: 'http://proxy:3128' }, undefined],
    ['an exception', { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: '.discord.gg' }, undefined],
    ['an exception in lower case', { HTTPS_PROXY: 'http://proxy:3128', no_proxy: '.discord.gg' }, undefined],
  ])('of the environment: %s', (_, environment, host) => {
    expect(resolveProxy(undefined, environment)?.(GATEWAY)?.host).toBe(host);
  });

  test('of the option is used before the environment, and in spite of NO_PROXY', () => {
    const environment = { HTTPS_PROXY: 'http://other:3128', NO_PROXY: '*' };
    expect(resolveProxy('http://proxy:3128', environment)?.(GATEWAY)?.host).toBe('proxy:3128');
    expect(resolveProxy(new URL('socks5://[::1]:9050'), environment)?.(GATEWAY)).toMatchObject({
      protocol: 'socks5',
      hostname: '::1',
      port: 9050,
    });
    expect(resolveProxy(false, environment)).toBeNull();
  });

  test('has a user name and a password that no printing reaches', () => {
    const server = resolveProxy('http://us%3Aer:se%40cret@proxy:3128')?.(GATEWAY);
    expect(server?.revealCredentials()).toEqual({ username: 'us:er', password: 'se@cret' });
    const printed = [inspect(server, { showHidden: true, depth: 9 }), JSON.stringify(server), String(server)].join(
      '\n',
    );
    expect(printed).not.toMatch(/cret|us:er|us%3A/);
  });

  test.each(['ftp://name:secret@proxy', 'http://name:secret@', 'http://name:%ffsecret@proxy'])(
    'that is not valid is refused by the name of the variable, without its value',
    (value) => {
      const refused = (): unknown => resolveProxy(undefined, { ALL_PROXY: value });
      expect(refused).toThrow(GatewayError);
      expect(refused).toThrow(/ALL_PROXY/);
      expect(refused).not.toThrow(/secret/);
    },
  );
});
