import { describe, expect, test } from 'vitest';
import { Shard } from '../../src/index.ts';
import { resumeUrlRefusal, sessionOf } from '../../src/protocol/lifecycle-packets.ts';
import { isAllowedHost, resolveAllowedHosts, urlRefusal } from '../../src/protocol/trusted-url.ts';

const MAIN = 'wss://gateway.discord.gg';

describe('isAllowedHost()', () => {
  test.each([
    ['wss://gateway.discord.gg/?v=10', ['gateway.discord.gg'], true],
    ['wss://gateway.discord.gg:8443', ['gateway.discord.gg'], true],
    ['wss://gateway.discord.gg:8443', ['gateway.discord.gg:8443'], true],
    ['wss://gateway.discord.gg:8444', ['gateway.discord.gg:8443'], false],
    ['wss://GATEWAY.discord.gg', ['Gateway.Discord.gg'], true],
    ['wss://us-east1-b.discord.gg', ['*.discord.gg'], true],
    ['wss://discord.gg', ['*.discord.gg'], false],
    ['wss://evil-discord.gg', ['*.discord.gg'], false],
    ['wss://discord.gg.evil.test', ['discord.gg', '*.discord.gg'], false],
    ['wss://user@evil.test/gateway.discord.gg', ['gateway.discord.gg'], false],
    ['ws://[::1]:80', ['[::1]'], true],
  ])('for %s and %j returns %s', (url, hosts, expected) => {
    expect(isAllowedHost(url, resolveAllowedHosts(hosts))).toBe(expected);
  });
});

describe('urlRefusal()', () => {
  test.each([
    ['wss://us-east1-b.discord.gg/path?region=eu', MAIN],
    ['wss://us-east1-b.discord.gg', 'ws://127.0.0.1:80'],
    ['ws://127.0.0.1:81', 'ws://127.0.0.1:80'],
    [`wss://host/${'x'.repeat(2_037)}`, MAIN],
  ])('accepts %s of a gateway at %s', (url, mainUrl) => {
    expect(urlRefusal(url, { url: mainUrl, allowedHosts: null })).toBe(null);
  });

  test.each([
    ['ws://gateway.discord.gg', 'it is a ws:// URL, which is not encrypted'],
    ['wss://user@gateway.discord.gg', 'it contains a user name or a password'],
    ['wss://:password@gateway.discord.gg', 'it contains a user name or a password'],
    [`wss://host/${'x'.repeat(2_038)}`, 'it is longer than 2048 characters'],
    ['https://discord.com', 'it is not a ws:// or wss:// URL'],
  ])('refuses %s', (url, reason) => {
    expect(urlRefusal(url, { url: MAIN, allowedHosts: null })).toBe(reason);
    expect(sessionOf({ session_id: 'one', resume_gateway_url: url }, { url: MAIN, allowedHosts: null })).toEqual({
      sessionId: 'one',
      resumeUrl: MAIN,
    });
  });

  test('refuses a host that allowedHosts does not list', () => {
    const trust = { url: MAIN, allowedHosts: ['*.discord.gg'] };
    expect(urlRefusal('wss://us-east1-b.discord.gg', trust)).toBe(null);
    expect(urlRefusal('wss://evil.test', trust)).toBe('allowedHosts does not list its host');
  });
});

describe('the option allowedHosts of a Shard', () => {
  test('must list the host of the main URL', () => {
    const options = { token: 'x', intents: 0, allowedHosts: ['proxy.test'] };
    const refusal = expect.objectContaining({
      code: 'INVALID_OPTIONS',
      message: expect.stringMatching(/allowedHosts/),
    });
    expect(() => new Shard(options)).toThrow(refusal);
    expect(() => new Shard({ ...options, url: 'wss://proxy.test' })).not.toThrow();
  });
});

describe('resumeUrlRefusal()', () => {
  test.each([[undefined], [null], [5], ['not a URL']])('returns null for the resume URL %j, which is none', (url) => {
    const session = { sessionId: 'a', resumeUrl: MAIN };
    expect(resumeUrlRefusal({ resume_gateway_url: url }, session, { url: MAIN, allowedHosts: null })).toBe(null);
  });
});
