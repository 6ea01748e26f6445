import { describe, expect, test } from 'vitest';
import { RecordingError, readRecording } from '../../../src/inspect/page/model/recording.ts';
import type { Recording } from '../../../src/inspect/page/model/recording.ts';
import { InspectionModel } from '../../../src/inspect/page/model/inspection-model.ts';

const SHARD = {
  key: '3',
  shardId: 3,
  shardCount: 8,
  state: 'ready',
  since: 1_000,
  pingMs: 41.5,
  dispatchesPerSecond: 12,
  sequence: 77,
  lastDispatchAt: 4_000,
  pendingSends: 0,
  sendWindow: { used: 4, limit: 120 },
} as const;

const RECORDING: Recording = {
  format: 'shardwright-recording',
  formatVersion: 1,
  shardwright: '0.1.0',
  exportedAt: 5_000,
  identify: { waiting: 0, total: 1_000, remaining: 990, resetAfterMs: 60_000 },
  managers: [
    {
      key: 'manager',
      state: 'resharding',
      since: 800,
      total: 8,
      ready: 7,
      shards: 8,
      resharding: { total: 16, ready: 2 },
    },
  ],
  shards: [SHARD, { ...SHARD, key: '4', shardId: 4, state: 'failed' }],
  details: [
    {
      key: '3',
      chart: 'shard',
      active: ['shard.online.session.ready'],
      states: [{ at: 1_000, state: 'ready' }],
      marks: [{ at: 900, kind: 'closed', text: '4000' }],
      heartbeats: [
        { at: 2_000, latencyMs: 41.5 },
        { at: 3_000, latencyMs: null },
      ],
    },
  ],
  log: [
    { id: 1, at: 1_000, shard: '3', kind: 'state', text: 'resuming → ready' },
    { id: 2, at: 1_500, shard: '4', kind: 'state', text: 'ready → failed' },
    { id: 3, at: 1_500, shard: '4', kind: 'failed', text: 'AUTHENTICATION_FAILED: the token is wrong' },
    {
      id: 4,
      at: 1_550,
      shard: '4',
      kind: 'closed',
      text: 'no code the connection was lost (network); will not reconnect',
    },
    {
      id: 5,
      at: 1_600,
      shard: '3',
      kind: 'event',
      text: 'gateway.heartbeatAck',
      active: ['shard.online.session.ready'],
      taken: [],
    },
  ],
};

const errorOf = (json: string): unknown => {
  try {
    return readRecording(json);
  } catch (error) {
    return error instanceof RecordingError ? [error.code, error.message] : error;
  }
};
const errorAfter = (change: object): unknown => errorOf(JSON.stringify({ ...RECORDING, ...change }));

test('a recording is read unchanged, and a model made of it exports the same', () => {
  const read = readRecording(JSON.stringify(RECORDING));
  expect(read).toEqual(RECORDING);
  expect(new InspectionModel(read).toRecording(5_000)).toEqual(RECORDING);
});

const withCluster = (cluster: unknown) => ({
  ...RECORDING,
  managers: [{ ...RECORDING.managers![0], cluster }],
});

test('a recording has the cluster of its manager', () => {
  const cluster = {
    node: 'a',
    engine: 'redis',
    isReachable: true,
    nodes: [{ node: 'a', joinedAt: 700, shards: [3, 4], isDraining: false, isSelf: true, isAway: false }],
    unowned: [0],
    running: ['3', '4'],
    groups: [{ group: 'bot', lag: 12, pending: 3, deadLetters: 1 }],
  };
  const recording = withCluster(cluster);
  expect(new InspectionModel(readRecording(JSON.stringify(recording))).toRecording(5_000)).toEqual(recording);
  expect(errorOf(JSON.stringify(withCluster({ ...cluster, isReachable: 'yes' })))).toEqual([
    'DAMAGED',
    'The recording is damaged: managers[0].cluster.isReachable is not true or false.',
  ]);
  expect(
    errorOf(JSON.stringify(withCluster({ ...cluster, nodes: [{ ...cluster.nodes[0], shards: ['<b>'] }] }))),
  ).toEqual(['DAMAGED', 'The recording is damaged: managers[0].cluster.nodes[0].shards[0] is not a number.']);
});

test('a recording without managers opens, and one with an unknown manager state is damaged', () => {
  const { managers, ...older } = RECORDING;
  expect(new InspectionModel(readRecording(JSON.stringify(older))).managers.size).toBe(0);
  expect(errorAfter({ managers: [{ ...managers![0], state: 'juggling' }] })).toEqual([
    'DAMAGED',
    'The recording is damaged: managers[0].state is not one of running, starting, resharding, draining, stopped, failed.',
  ]);
});

test('the history of a shard that was not selected comes from the log', () => {
  const model = new InspectionModel(RECORDING);
  model.select('4');
  expect(model.history?.toDetail()).toEqual({
    key: '4',
    chart: 'shard',
    active: [],
    states: [{ at: 1_500, state: 'failed' }],
    marks: [
      { at: 1_500, kind: 'failed', text: 'AUTHENTICATION_FAILED' },
      { at: 1_550, kind: 'closed', text: 'no code' },
    ],
    heartbeats: [],
  });
});

describe('readRecording', () => {
  test.each([
    [
      'a file of a FlightRecorder',
      '{"at":1795914452432.93,"kind":"header","format":"shardwright-recording"}\n{"kind":"end"}\n',
      ['NOT_JSON', 'This is a recording of a FlightRecorder. To open it, run shardwright inspect with its path.'],
    ],
    ['an image', 'GIF89a', ['NOT_JSON', 'This file is not JSON, so it is not a recording of the inspector.']],
    [
      'other JSON',
      '{"log":[]}',
      ['NOT_A_RECORDING', 'This file is JSON, but not a recording of the inspector. Use Export to make a recording.'],
    ],
    [
      'null',
      'null',
      ['NOT_A_RECORDING', 'This file is JSON, but not a recording of the inspector. Use Export to make a recording.'],
    ],
  ])('rejects %s with an error that says what it is', (_name, json, expected) => {
    expect(errorOf(json)).toEqual(expected);
  });

  test('rejects a recording of a newer format', () => {
    expect(errorAfter({ formatVersion: 2 })).toEqual([
      'NEWER_FORMAT',
      'This recording has format 2, but this page reads format 1. Open it with a newer shardwright.',
    ]);
  });

  test.each([
    ['an unknown state', { shards: [{ ...SHARD, state: 'asleep' }] }, 'shards[0].state is not a shard state'],
    [
      'a string instead of a number',
      { log: [{ id: 1, at: 'noon', shard: '3', kind: 'event', text: '' }] },
      'log[0].at is not a number',
    ],
    ['an object instead of a list', { details: {} }, 'details is not a list'],
    [
      'an unknown kind',
      { log: [{ id: 1, at: 1, shard: '3', kind: '<b>', text: '' }] },
      'log[0].kind is not one of state, event, heartbeat, dispatch, closed, fault, failed, notice',
    ],
    ['a time past all calendars', { exportedAt: 8.7e15 }, 'exportedAt is not a time'],
    ['a time before 1970', { shards: [{ ...SHARD, since: -1 }] }, 'shards[0].since is not a time'],
    ['a huge number', { shards: [{ ...SHARD, shardId: 1e300 }] }, 'shards[0].shardId is not a number of a usual size'],
    [
      'too many shards',
      { shards: Array.from({ length: 20_001 }, () => SHARD) },
      'shards is not a list of at most 20000',
    ],
    [
      'a text that fills the page',
      { log: [{ ...RECORDING.log[0], text: 'x'.repeat(20_001) }] },
      'log[0].text is not a string of at most 20000 characters',
    ],
    [
      'a payload without end',
      { log: [{ ...RECORDING.log[0], payload: 'x'.repeat(100_000) }] },
      'log[0].payload is not a payload of at most 100000 characters',
    ],
    ['a missing field', { identify: { waiting: 0 } }, 'identify.total is not a number'],
  ])('rejects %s and names the field', (_name, change, reason) => {
    expect(errorAfter(change)).toEqual(['DAMAGED', `The recording is damaged: ${reason}.`]);
  });
});
