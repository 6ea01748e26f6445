/** The steps of a case: what the gateway sends next. A step is decided by its kind and its own seed alone. */
import type { SeededRandom } from '../src/testing/seeded-random.ts';
import type { Candidate } from './gateway/gateway-session.ts';
import { EVENT_NAMES, UNREADABLE, brokenDataText, dispatchText } from './messages.ts';
import { CONTROL_STEPS } from './mutations/protocol.ts';
import { TEXT_MUTATIONS, TEXT_MUTATION_NAMES } from './mutations/text.ts';
import { WIRE_MUTATIONS, WIRE_MUTATION_NAMES } from './mutations/wire.ts';
import type { ReferenceClient } from './reference-client.ts';
import { readsLater } from './setting.ts';
import { headerOf } from './wire/header.ts';
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

function sendMutatedText(context: StepContext): void {
  const { link, random, setting } = context;
  const candidate = candidateAt(random, link.nextSequence);
  let sent: Buffer = candidate.bytes;
  for (let count = random.pick([1, 1, 1, 2, 3]); count > 0; count -= 1)
    sent = TEXT_MUTATIONS[random.pick(TEXT_MUTATION_NAMES)](random, sent.length === 0 ? candidate.bytes : sent);
  // When it would be read depends on what the client does with others of its name.
  if (readsLater(setting)) sent = cutBeforeLateBreak(link.client, sent);
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

/** Returns the message without the end of the first object that a listener would get although its data can't be read. */
function cutBeforeLateBreak(client: ReferenceClient, message: Buffer): Buffer {
  const isBrokenLate = (bytes: Buffer): boolean => isBroken(bytes) && client.isFoundBrokenLate(bytes);
  let sent = message;
  // The decoder of a stream may split it.
  for (let from = 0, end = endOfObject(sent); end !== -1; from = end, end = endOfObject(sent, from))
    if (isBrokenLate(sent.subarray(from, end))) sent = sent.subarray(0, end - 1);
  while (isBrokenLate(sent)) sent = sent.subarray(0, -1);
  return sent;
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
  if (corrupts && (readsLater(setting) || (setting.maxResumeAttempts !== null && peer.encoder.isStream)))
    return sendValid(context, 1);
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

/** Data that the decoder takes for whole, but that is not JSON. */
async function sendBrokenData({ link, random, setting, until }: StepContext): Promise<void> {
  await until(() => link.isSettled, 'the client to take everything before broken data');
  const s = link.nextSequence;
  // What nobody has read before is not decoded before it is read.
  const t = readsLater(setting) || random.chance(0.5) ? `LATE_${random.below(1e9)}` : random.pick(EVENT_NAMES);
  const message = (d: string): Buffer => Buffer.from(`{"t":"${t}","s":${s},"op":0,"d":${d}}`);
  link.sendDispatch({ s, bytes: message('{}') }, message(brokenDataText(random)), random.int(0, 4));
}

/** A message that hides its sequence, in each replay or right after it, so that no replay gets past it. */
async function sendUnreadable({ link, random, setting, until }: StepContext): Promise<void> {
  await until(() => link.isSettled, 'the client to take everything before an unreadable message');
  const message = Buffer.from(random.pick(UNREADABLE));
  // Often enough, or so rarely that it must go on.
  const times = setting.maxResumeAttempts === null ? random.int(1, 6) : setting.maxResumeAttempts * 2;
  if (random.chance(0.5)) return link.sendAfterResumed(message, times);
  const candidate = candidateAt(random, link.nextSequence);
  link.sendDispatch(candidate, message, times);
}

export const STEPS = {
  valid: (context) => sendValid(context, context.random.int(1, 8)),
  text: sendMutatedText,
  frames: sendMutatedFrames,
  fragments: sendFragments,
  brokenData: sendBrokenData,
  unreadable: sendUnreadable,
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
  brokenData: 4,
  unreadable: 2,
};
