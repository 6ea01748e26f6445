/** The steps of a case: what the gateway sends next. A step is decided by its kind and its own seed alone. */
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import type { Candidate } from './gateway/shard-link.ts';
import { dispatchText } from './messages.ts';
import { CONTROL_STEPS } from './mutations/protocol.ts';
import { TEXT_MUTATIONS, TEXT_MUTATION_NAMES } from './mutations/text.ts';
import { WIRE_MUTATIONS, WIRE_MUTATION_NAMES } from './mutations/wire.ts';
import { headerOf } from './reference-client.ts';
import type { Setting } from './setting.ts';
import { endOfObject } from './wire/reference-decoder.ts';
import type { StepAction, StepContext } from './step.ts';

const candidateAt = (random: SeededRandom, s: number): Candidate => ({
  s,
  bytes: Buffer.from(dispatchText(random, s)),
});

function sendValid({ link, random }: StepContext, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const candidate = candidateAt(random, link.nextSequence);
    link.sendDispatch(candidate, candidate.bytes);
  }
}

/** A reader that reads later loses a dispatch whose data is broken, as documented; others get it again. */
const readsLater = ({ listening }: Setting): boolean => listening === 'stream' || listening === 'later';

function sendMutatedText(context: StepContext): void {
  const { link, random, setting } = context;
  const candidate = candidateAt(random, link.nextSequence);
  let sent: Buffer = candidate.bytes;
  for (let count = random.pick([1, 1, 1, 2, 3]); count > 0; count -= 1)
    sent = TEXT_MUTATIONS[random.pick(TEXT_MUTATION_NAMES)](random, sent.length === 0 ? candidate.bytes : sent);
  if (readsLater(setting)) while (isBroken(sent) && link.client.isFoundBrokenLate(sent)) sent = sent.subarray(0, -1);
  const times = random.chance(0.7) ? 0 : random.int(0, maxTimes(candidate, sent));
  link.sendDispatch(candidate, sent, isBroken(sent) ? times : 0);
  sendValid(context, random.int(0, 3));
}

/** How often the gateway may send the same broken message in replays, so that the client gets over it. */
function maxTimes({ s }: Candidate, sent: Buffer): number {
  const header = headerOf(sent);
  // Without a sequence it can't be skipped.
  if (header === null) return 2;
  const isOneObject = endOfObject(sent) === sent.length && endOfObject(sent, 0, true) === sent.length;
  if (header.s !== s) return 0;
  return isOneObject ? 5 : 2;
}

function isBroken(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString());
    return false;
  } catch {
    return true;
  }
}

function sendMutatedFrames(context: StepContext): void {
  const { link, random, setting } = context;
  const { peer } = link;
  if (peer === null) return;
  const { corrupts, frames } = WIRE_MUTATIONS[random.pick(WIRE_MUTATION_NAMES)];
  if (corrupts && readsLater(setting)) return sendValid(context, 1);
  const first = link.nextSequence;
  const candidates = Array.from({ length: random.int(1, 3) }, (_, index) => candidateAt(random, first + index));
  const sent = frames(
    random,
    peer.encoder,
    candidates.map(({ bytes }) => bytes),
  );
  if (!corrupts) return link.sendFrames(candidates, sent);
  peer.isCorrupted = true;
  link.sendCorrupted(candidates, sent);
}

/** Valid frames in fragments, with pings between them. */
function sendFragments({ link, random }: StepContext): void {
  const { peer } = link;
  if (peer === null) return;
  const candidate = candidateAt(random, link.nextSequence);
  link.sendFrames([candidate], [peer.encoder.encode(candidate.bytes)], random.int(2, 40));
}

export const STEPS = {
  valid: (context) => sendValid(context, context.random.int(1, 8)),
  text: sendMutatedText,
  frames: sendMutatedFrames,
  fragments: sendFragments,
  ...CONTROL_STEPS,
} satisfies Record<string, StepAction>;

export type StepKind = keyof typeof STEPS;

/** How often each kind is drawn; 1 without an entry. */
export const STEP_WEIGHTS: Readonly<Record<StepKind, number>> = {
  ...(Object.fromEntries(Object.keys(STEPS).map((kind) => [kind, 1])) as Record<StepKind, number>),
  valid: 12,
  text: 40,
  frames: 20,
  fragments: 4,
};
