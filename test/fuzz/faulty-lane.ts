/** In the place of the fuzzer's process: ends at seed 1, is silent at seed 2, and is killed at seed 3. */
import type { LaneRequest } from '../../fuzz/lane.ts';

process.on('message', ({ seed }: LaneRequest) => {
  if (seed === 1) process.exit(7);
  if (seed === 3) process.kill(process.pid, 'SIGKILL');
});
