import { describe, expect, test } from 'vitest';
import { MemorySessionStore } from '../../src/index.ts';
import type { Shard } from '../../src/index.ts';
import { VirtualClock } from '../../src/testing/virtual-clock.ts';
import type { Incident, Story } from '../../src/recorder/explain/story.ts';
import { diskFiles } from '../../src/recorder/recording-files.ts';
import { recordedShard, recordingDirectory, storyOf } from './kit/recorded-incident.ts';

const only = ({ incidents }: Story): Incident => {
  expect(incidents.map(({ cause }) => cause)).toHaveLength(1);
  return incidents[0]!;
};

const patternIds = ({ patterns }: Story): string[] => patterns.map(({ id }) => id);

/** A process that stands still: time passes, and no timer runs. Returns when its timers run again. */
async function standStill(clock: VirtualClock, ms: number): Promise<void> {
  clock.sleep(ms);
  await clock.advanceAsync(1_000);
}

/** Lets time pass until the shard has lost its connection. */
async function untilLost({ shard, clock }: { shard: Shard; clock: VirtualClock }): Promise<void> {
  for (let second = 0; second < 120 && shard.state === 'ready'; second += 1) await clock.advanceAsync(1_000);
  expect(shard.state).not.toBe('ready');
}

describe('explain names', () => {
  test('a blocked event loop before a zombie, with its time', async () => {
    let cpuMs = 0;
    const directory = await recordingDirectory();
    const kit = await recordedShard(directory, {}, { ports: { cpuTime: () => cpuMs } });
    await kit.clock.advanceAsync(60_000);
    kit.gateway.answers.ack = false;
    cpuMs += 45_000;
    await standStill(kit.clock, 45_000);
    await untilLost(kit);
    kit.gateway.answers.ack = true;
    await kit.clock.advanceAsync(60_000);
    const incident = only(await kit.story());
    expect(incident).toMatchObject({ cause: 'processBusy', lost: 'nothing', shards: [0] });
    expect(incident.what).toMatch(/^Your process was busy: 4[45]\.\d s\./);
    expect(incident.advice).toContain('worker thread');
  });

  test('a suspended process, which used no CPU time meanwhile', async () => {
    const kit = await recordedShard(await recordingDirectory());
    await kit.clock.advanceAsync(60_000);
    kit.gateway.answers.ack = false;
    await standStill(kit.clock, 90_000);
    await untilLost(kit);
    kit.gateway.answers.ack = true;
    await kit.clock.advanceAsync(60_000);
    expect(only(await kit.story())).toMatchObject({ cause: 'processSuspended', lost: 'nothing' });
  });

  test('missing ACKs, if the process was not busy', async () => {
    const kit = await recordedShard(await recordingDirectory());
    await kit.clock.advanceAsync(60_000);
    kit.gateway.answers.ack = false;
    await kit.clock.advanceAsync(81_000);
    kit.gateway.answers.ack = true;
    await kit.clock.advanceAsync(60_000);
    expect(only(await kit.story())).toMatchObject({ cause: 'acksMissing', lost: 'nothing' });
  });

  test('a proxy that cuts connections every 100 s, as a pattern', async () => {
    const kit = await recordedShard(await recordingDirectory());
    for (let cut = 0; cut < 4; cut += 1) {
      await kit.clock.advanceAsync(100_000);
      kit.socket().end(1006);
      await kit.clock.advanceAsync(5_000);
    }
    const story = await kit.story();
    expect(story.incidents.map(({ cause }) => cause)).toEqual(Array(4).fill('connectionCut'));
    expect(patternIds(story)).toEqual(['regularCuts']);
    expect(story.patterns[0]).toMatchObject({ incidents: [1, 2, 3, 4] });
    expect(story.patterns[0]!.title).toMatch(/^something cuts connections every (?:99|100|10\d)(?:\.\d)? s$/);
  });

  test('no pattern in cuts at random ages', async () => {
    const kit = await recordedShard(await recordingDirectory());
    for (const age of [40_000, 300_000, 90_000, 700_000]) {
      await kit.clock.advanceAsync(age);
      kit.socket().end(1006);
      await kit.clock.advanceAsync(5_000);
    }
    expect(patternIds(await kit.story())).toEqual([]);
  });

  test('an expired session: the shard wanted to resume, and Discord no longer knew the session', async () => {
    const kit = await recordedShard(await recordingDirectory());
    await kit.clock.advanceAsync(60_000);
    kit.gateway.answers.resumed = false;
    kit.socket().end(1006);
    await kit.clock.advanceAsync(3_000);
    kit.socket().receive({ op: 9, d: false, s: null, t: null });
    await kit.clock.advanceAsync(60_000);
    const incident = only(await kit.story());
    expect(incident).toMatchObject({ cause: 'sessionExpired', lost: 'gap' });
    expect(incident.did).toMatch(/^The shard started a new session/);
  });

  test('a process that was away for too long to resume', async () => {
    const directory = await recordingDirectory();
    const clock = new VirtualClock();
    const sessionStore = new MemorySessionStore();
    const first = await recordedShard(directory, { sessionStore }, { clock });
    await clock.advanceAsync(60_000);
    const stopped = first.shard.disconnect();
    await clock.advanceAsync(1_000);
    await stopped;
    await first.recorder.close();
    await clock.advanceAsync(900_000);
    const second = await recordedShard(directory, { sessionStore }, { clock, connect: false });
    second.gateway.answers.resumed = false;
    const connected = second.shard.connect();
    await clock.advanceAsync(500);
    second.socket().receive({ op: 9, d: false, s: null, t: null });
    await clock.advanceAsync(60_000);
    await connected;
    const story = await second.story();
    expect(only(story)).toMatchObject({ cause: 'sessionExpired', lost: 'gap' });
    expect(story.patterns).toMatchObject([{ id: 'awayTooLong', incidents: [1] }]);
    expect(story.patterns[0]!.text).toContain('15 min');
  });

  test('wrong intents, with the privileged ones', async () => {
    const kit = await recordedShard(
      await recordingDirectory(),
      { intents: ['Guilds', 'MessageContent'] },
      { connect: false },
    );
    kit.gateway.answers.ready = false;
    const connected = kit.shard.connect().catch(() => undefined);
    await kit.clock.advanceAsync(500);
    kit.socket().end(4014, 'Disallowed intent(s).');
    await kit.clock.advanceAsync(1_000);
    await connected;
    const incident = only(await kit.story());
    expect(incident).toMatchObject({
      cause: 'disallowedIntents',
      title: 'wrong intents',
      did: 'The shard stopped for good.',
    });
    expect(incident.what).toContain('the privileged intents MessageContent');
    expect(incident.advice).toContain('Developer Portal');
  });

  test('close code 4008', async () => {
    const kit = await recordedShard(await recordingDirectory());
    await kit.clock.advanceAsync(60_000);
    kit.socket().end(4008, 'You are being rate limited.');
    await kit.clock.advanceAsync(120_000);
    expect(only(await kit.story())).toMatchObject({ cause: 'rateLimited', lost: 'nothing' });
  });

  test('a storm of op 9', async () => {
    const kit = await recordedShard(await recordingDirectory());
    await kit.clock.advanceAsync(60_000);
    kit.gateway.answers.ready = false;
    kit.gateway.answers.resumed = false;
    for (let time = 0; time < 6; time += 1) {
      kit.socket().receive({ op: 9, d: false, s: null, t: null });
      await kit.clock.advanceAsync(12_000);
    }
    kit.gateway.answers.ready = true;
    kit.socket().receive({ op: 9, d: false, s: null, t: null });
    await kit.clock.advanceAsync(60_000);
    const incident = only(await kit.story());
    expect(incident).toMatchObject({ cause: 'invalidSessionStorm', lost: 'gap' });
    expect(incident.what).toMatch(/^The gateway answered with Invalid Session \(op 9\) \d times/);
  });

  test('an outage of 10 minutes, with its attempts', async () => {
    const kit = await recordedShard(await recordingDirectory());
    await kit.clock.advanceAsync(60_000);
    kit.gateway.answers.refuse = true;
    kit.socket().end(1006);
    await kit.clock.advanceAsync(600_000);
    kit.gateway.answers.refuse = false;
    await kit.clock.advanceAsync(120_000);
    const story = await kit.story();
    const incident = only(story);
    expect(incident).toMatchObject({ cause: 'outage', lost: 'nothing' });
    expect(incident.what).toMatch(/^The gateway could not be reached for 1\d min \d+ s: \d+ attempts failed/);
    expect(story.summary.longestOffline?.ms).toBeGreaterThanOrEqual(600_000);
  });

  test('a killed process, and what the next one did', async () => {
    const directory = await recordingDirectory();
    const clock = new VirtualClock();
    const sessionStore = new MemorySessionStore();
    const first = await recordedShard(directory, { sessionStore }, { clock });
    await clock.advanceAsync(60_000);
    await first.recorder.flush();
    const session = first.shard.session!;
    await clock.advanceAsync(10_000);
    const second = await recordedShard(directory, { session }, { clock });
    await second.recorder.close();
    const story = await storyOf(directory);
    expect(only(story)).toMatchObject({ cause: 'killed', shards: [], lost: 'nothing' });
    expect(story.incidents[0]!.did).toMatch(/resumed the session/);
  });

  test('restarts that use up session starts', async () => {
    const directory = await recordingDirectory();
    const clock = new VirtualClock();
    for (let run = 0; run < 5; run += 1) {
      const { recorder } = await recordedShard(directory, {}, { clock });
      await clock.advanceAsync(20_000);
      await recorder.close();
    }
    const story = await storyOf(directory);
    expect(patternIds(story)).toContain('burnedStarts');
    expect(story.summary.identifies).toEqual({ 'the start of a process': 5 });
  });

  test('two processes with one token', async () => {
    const directory = await recordingDirectory();
    const clock = new VirtualClock();
    const first = await recordedShard(directory, {}, { clock });
    const second = await recordedShard(directory, {}, { clock });
    await clock.advanceAsync(60_000);
    await first.recorder.close();
    await second.recorder.close();
    const story = await storyOf(directory);
    expect(story.patterns).toMatchObject([{ id: 'twoProcesses' }]);
    expect(story.patterns[0]!.text).toContain('1 min');
  });

  test('a full disk: how many records are missing, and that the shard went on', async () => {
    const disk = { isFull: false };
    const kit = await recordedShard(
      await recordingDirectory(),
      {},
      {
        ports: {
          files: {
            ...diskFiles,
            write: (path, bytes, position) =>
              disk.isFull
                ? Promise.reject(new Error('ENOSPC: no space left on device, write'))
                : diskFiles.write(path, bytes, position),
          },
        },
      },
    );
    await kit.recorder.flush();
    disk.isFull = true;
    await kit.clock.advanceAsync(1_000);
    await kit.recorder.flush();
    for (let index = 0; index < 20_000; index += 1) kit.socket().receive({ op: 11, d: null, s: null, t: null });
    await kit.clock.advanceAsync(30_000);
    await kit.recorder.flush();
    disk.isFull = false;
    for (let second = 0; second < 60; second += 1) {
      await kit.clock.advanceAsync(1_000);
      await kit.recorder.flush();
    }
    const incident = only(await kit.story());
    expect(incident).toMatchObject({ cause: 'recordingHole', did: 'The shards went on.', lost: 'nothing' });
    expect(incident.what).toContain('ENOSPC: no space left on device, write');
  });

  test('a start without a problem, and a disconnect, as nothing', async () => {
    const kit = await recordedShard(await recordingDirectory());
    await kit.clock.advanceAsync(600_000);
    const stopped = kit.shard.disconnect();
    await kit.clock.advanceAsync(1_000);
    await stopped;
    const story = await kit.story();
    expect(story.incidents).toEqual([]);
    expect(story.patterns).toEqual([]);
    expect(story.summary).toMatchObject({ missing: 0, gapMs: 0, identifies: { 'the start of a process': 1 } });
  });
});
