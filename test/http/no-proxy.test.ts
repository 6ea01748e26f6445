import { describe, expect, test } from 'vitest';
import { isExcluded } from '../../src/http/proxy/no-proxy.ts';

describe('NO_PROXY', () => {
  test.each([
    ['*', 'wss://gateway.discord.gg', true],
    ['gateway.discord.gg', 'wss://gateway.discord.gg', true],
    ['discord.gg', 'wss://gateway.discord.gg', true],
    ['.discord.gg', 'wss://gateway.discord.gg', true],
    ['*.discord.gg', 'wss://gateway.discord.gg', true],
    ['DISCORD.GG', 'wss://gateway.discord.gg', true],
    ['discord.gg', 'wss://notdiscord.gg', false],
    ['ord.gg', 'wss://gateway.discord.gg', false],
    ['discord.com', 'wss://gateway.discord.gg', false],
    ['discord.com, discord.gg', 'wss://gateway.discord.gg', true],
    ['discord.com discord.gg', 'wss://gateway.discord.gg', true],
    ['discord.gg:443', 'wss://gateway.discord.gg', true],
    ['discord.gg:80', 'wss://gateway.discord.gg', false],
    ['discord.gg:80', 'ws://gateway.discord.gg', true],
    ['discord.gg:8080', 'ws://gateway.discord.gg:8080', true],
    ['10.0.0.1', 'ws://10.0.0.1:8080', true],
    ['10.0.0.1:8080', 'ws://10.0.0.1:8080', true],
    ['[::1]', 'ws://[::1]:8080', true],
    ['::1', 'ws://[::1]:8080', true],
    ['[::1]:8081', 'ws://[::1]:8080', false],
    ['discord.gg', 'wss://discord.gg.', true],
    ['', 'wss://gateway.discord.gg', false],
    [',', 'wss://gateway.discord.gg', false],
    ['', 'ws://localhost:8080', false],
  ])('%j for %s: %s', (noProxy, url, expected) => {
    expect(isExcluded(new URL(url), noProxy)).toBe(expected);
  });

  test.each([
    ['ws://localhost:8080', true],
    ['ws://bot.localhost', true],
    ['ws://127.0.0.1:8080', true],
    ['ws://127.1.2.3', true],
    ['ws://[::1]', true],
    ['ws://127.example.com', false],
    ['ws://10.0.0.1', false],
    ['wss://gateway.discord.gg', false],
  ])('excludes only this machine if it is not set: %s: %s', (url, expected) => {
    expect(isExcluded(new URL(url), undefined)).toBe(expected);
  });
});
