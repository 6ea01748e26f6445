/** What a user does with a second process, which has the shards beside the first one or in turns with it. */
import type { SeededRandom } from '../src/testing/seeded-random.ts';

/** The process of a shard or of a manager, and the place in which another one can begin. */
interface PlacedProcess {
  readonly place: { deploy(overlapMs: number, isGraceful: boolean): void; takeTurns(turnMs: number): void };
  readonly world: { readonly setting: { readonly hasStore: boolean } };
}

type SecondProcessAction = (proc: PlacedProcess, random: SeededRandom, describe: (what: string) => void) => void;

const SECONDS = 1_000;

export const deploy: SecondProcessAction = ({ place }, random, describe) => {
  const overlapMs = random.magnitude(50, random.chance(0.7) ? 20 * SECONDS : 300 * SECONDS);
  const isGraceful = random.chance(0.7);
  describe(`with an overlap of ${overlapMs} ms, ${isGraceful ? 'then the old process stops' : 'then it is killed'}`);
  place.deploy(overlapMs, isGraceful);
};

/** Another process runs for a while, and then the first one again. */
export const takeTurns: SecondProcessAction = ({ place, world }, random, describe) => {
  const turnMs = random.magnitude(1 * SECONDS, 300 * SECONDS);
  describe(`with a process that runs for ${turnMs} ms`);
  if (world.setting.hasStore) place.takeTurns(turnMs);
};
