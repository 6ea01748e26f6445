/** What a gateway sends before READY belongs to no session. */
import { expect, test } from 'vitest';
import { MemoryIdentifyGate, Shard } from '../../src/index.ts';
import { bareGateway, HELLO, ready } from '../kit/bare-gateway.ts';
import { QUICK } from '../kit/timing.ts';

test('A dispatch before READY does not move the sequence of the session, so a RESUME loses nothing', async () => {
  const resumed = Promise.withResolvers<unknown>();
  await using gateway = await bareGateway(({ send }, packet) => {
    if (packet === null) send(HELLO);
    if (packet?.op === 2) {
      send({ op: 0, t: 'EARLY', s: 70, d: {} });
      send(ready(gateway.url));
      send({ op: 0, t: 'EVENT', s: 2, d: {} });
      send({ op: 7 });
    }
    if (packet?.op === 6) {
      resumed.resolve(packet.d);
      send({ op: 0, t: 'RESUMED', s: 3, d: {} });
    }
  });
  const identifyGate = new MemoryIdentifyGate({ spacingMs: 0, marginMs: 0 });
  const shard = new Shard({ token: 'token', intents: ['Guilds'], url: gateway.url, timing: QUICK, identifyGate });
  const received: string[] = [];
  shard.on('dispatch', ({ t }) => received.push(t));
  await shard.connect();
  expect(await resumed.promise).toEqual({ token: 'token', session_id: 'bare', seq: 2 });
  expect(received).toEqual(['EARLY', 'READY', 'EVENT']);
  await shard.disconnect();
});
