import { expect, test } from 'vitest';
import { ActivityTimes } from '../../src/connection/activity-times.ts';

test('ActivityTimes has no time before the first frame and the first dispatch', () => {
  const times = new ActivityTimes();
  expect(times.lastFrameAt).toBe(null);
  expect(times.lastDispatchAt).toBe(null);
  times.recordFrame(0);
  expect(times.lastFrameAt).toBe(0);
  expect(times.lastDispatchAt).toBe(null);
});

test('ActivityTimes gives a dispatch the time of its frame', () => {
  const times = new ActivityTimes();
  times.recordFrame(10);
  times.recordDispatch();
  times.recordFrame(20);
  expect(times.lastFrameAt).toBe(20);
  expect(times.lastDispatchAt).toBe(10);
});
