/** The demo injects each of its faults once: the story of its recording has to name each of them. */
import { describe, expect, test } from 'vitest';
import { FAST, NORMAL } from '../../src/cli/demo/pace.ts';
import { runDemo } from '../../src/cli/demo/run-demo.ts';
import { runManagerDemo } from '../../src/cli/demo/run-manager-demo.ts';
import { OutputLog, wallClock } from '../../src/cli/output-log.ts';
import type { Incident } from '../../src/recorder/explain/story.ts';
import { FlightRecorder } from '../../src/recorder/index.ts';
import { bytesIn } from './kit/recording.ts';
import { recordingDirectory, storyOf } from './kit/recorded-incident.ts';

const LIMIT_MS = 300_000;
/** A busy machine must not miss an ACK. */
const PACE = { ...FAST, heartbeatIntervalMs: NORMAL.heartbeatIntervalMs };

/** The causes of the demo's faults, by the name of the fault. */
const CAUSES: Readonly<Record<string, string>> = {
  'acks dropped': 'acksMissing',
  'op 7': 'reconnectRequested',
  'op 9 true': 'invalidSessionResumable',
  'op 9 false': 'sessionInvalidated',
  'TCP killed': 'connectionCut',
  'corrupt frame': 'corruptData',
  outage: 'outage',
  'resume host': 'resumeHostDown',
  'close 4000': 'closedByGateway',
};

/** What a busy machine adds. */
const CAUSES_OF_THE_MACHINE: ReadonlySet<string> = new Set(['processBusy', 'processSuspended']);
const injectedCauses = (incidents: readonly Incident[]): string[] =>
  incidents.map(({ cause }) => cause).filter((cause) => !CAUSES_OF_THE_MACHINE.has(cause));

/** The faults in the order in which the demo injected them, which it prints. */
function captured() {
  const lines: string[] = [];
  const output = new OutputLog(wallClock, { write: (text: string) => lines.push(text) > 0 });
  return {
    output,
    faults: () => lines.flatMap((line) => /\d+\/\d+ ([\w ]+?): the gateway/.exec(line)?.[1] ?? []),
  };
}

describe('The recording of the demo', () => {
  test('names the cause of every fault, and says that nothing was lost', { timeout: LIMIT_MS }, async () => {
    const directory = await recordingDirectory();
    const recorder = new FlightRecorder({ directory });
    const { output, faults } = captured();
    const stats = await runDemo({
      seed: 8,
      pace: PACE,
      forever: false,
      output,
      signal: new AbortController().signal,
      observers: [recorder],
    });
    await recorder.close();
    expect(stats.isClean).toBe(true);
    const { incidents, summary } = await storyOf(directory);
    expect(injectedCauses(incidents)).toEqual(faults().map((name) => CAUSES[name]));
    expect(incidents.map(({ lost }) => lost)).toEqual(incidents.map(() => 'nothing'));
    expect(summary).toMatchObject({ missing: 0, gapMs: 0 });
    expect(summary.resumes).toBeGreaterThanOrEqual(8);
    expect(await bytesIn(directory)).not.toMatch(/fake-token|demo_serial/);
  });

  test.each([0, 2])(
    'with many shards and %i workers joins what hit several shards at once',
    { timeout: LIMIT_MS },
    async (workers) => {
      const directory = await recordingDirectory();
      const recorder = new FlightRecorder({ directory });
      const { output, faults } = captured();
      await runManagerDemo({
        seed: 8,
        pace: PACE,
        forever: false,
        output,
        signal: new AbortController().signal,
        observers: [recorder],
        shards: 6,
        workers,
      });
      await recorder.close();
      const { incidents, summary } = await storyOf(directory);
      expect(new Set(injectedCauses(incidents))).toEqual(new Set(faults().map((name) => CAUSES[name])));
      expect(incidents.some(({ shards }) => shards.length > 1)).toBe(true);
      expect(incidents.map(({ lost }) => lost)).toEqual(incidents.map(() => 'nothing'));
      expect(summary).toMatchObject({ missing: 0, shards: 6 });
    },
  );
});
