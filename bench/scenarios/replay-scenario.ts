/** What all that play a recording have in common: the stage, the warm-up, and the count of what will come. */
import { CLIENTS } from '../clients.ts';
import type { ClientId } from '../clients.ts';
import type { CountResult, ExpectedDispatches } from '../client/dispatch-counter.ts';
import type { Part } from '../server/main.ts';
import type { Settings } from '../settings.ts';
import type { Connected, RunSetup } from '../harness.ts';

/** Longer than any case: no heartbeat comes in between, as none could be answered in a recording. */
const NO_HEARTBEAT_MS = 600_000;
/** READY has the first sequence. */
const FIRST_SEQUENCE = 2;

export const recordedSetup = ({ seed, warmup, measured }: Settings): RunSetup => ({
  mode: 'recorded',
  shards: 1,
  heartbeatIntervalMs: NO_HEARTBEAT_MS,
  warmup,
  measured,
  seed,
});

/** Arms the client's tally for a part of the recording. */
export async function armCounter(
  { gateway, client }: Connected,
  id: ClientId,
  part: Part,
  settings: Settings,
  { keep = 'nothing', times = 1 }: { keep?: ExpectedDispatches['keep']; times?: number } = {},
): Promise<void> {
  const { listensTo = null, changesData = false, variant } = CLIENTS[id];
  await client.call('arm', {
    count: times * (await gateway.call('count', { part, t: listensTo })),
    from: part === 'warmup' ? FIRST_SEQUENCE : FIRST_SEQUENCE + settings.warmup,
    sent: settings[part],
    keep,
    withData: !changesData && variant !== 'unread',
  });
}

/** Plays a part and gives back what it cost. */
export async function replayPart(
  connected: Connected,
  id: ClientId,
  part: Part,
  settings: Settings,
  keep?: ExpectedDispatches['keep'],
): Promise<CountResult> {
  await armCounter(connected, id, part, settings, keep === undefined ? {} : { keep });
  const [result] = await Promise.all([
    connected.client.call('arrived', undefined),
    connected.gateway.call('replay', part),
  ]);
  return result;
}
