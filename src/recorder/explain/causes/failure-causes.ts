/** Causes that stop a shard for good, and faults that no other cause explains. */
import { Intents } from '../../../protocol/intents.ts';
import type { CauseRule } from '../cause-rule.ts';
import { NOTHING_TO_DO } from '../cause-rule.ts';
import { firstLoss } from '../episode.ts';
import type { Episode } from '../episode.ts';
import { lossText } from './gateway-causes.ts';

/** @see https://discord.com/developers/docs/events/gateway#privileged-intents */
const PRIVILEGED = ['GuildMembers', 'GuildPresences', 'MessageContent'] as const;

function privilegedOf({ options }: Episode): string {
  if (options === null) return '';
  const asked = PRIVILEGED.filter((name) => (options.intents & Intents[name]) !== 0);
  return asked.length === 0 ? '' : ` It asked for the privileged intents ${asked.join(', ')}.`;
}

const failed = (id: string, code: string, title: string, what: (episode: Episode) => string): CauseRule => ({
  id,
  title,
  docs: 'docs/errors.md#errors-that-stop-the-shard',
  matches: ({ failure }) => failure?.code === code,
  what,
  advice: ({ failure }) => failure?.hint ?? NOTHING_TO_DO,
});

export const FAILURE_CAUSES: readonly CauseRule[] = [
  failed(
    'disallowedIntents',
    'DISALLOWED_INTENTS',
    'wrong intents',
    (episode) => `Discord refused the intents with code 4014: the bot may not use all of them.${privilegedOf(episode)}`,
  ),
  failed(
    'invalidIntents',
    'INVALID_INTENTS',
    'wrong intents',
    () => 'Discord refused the intents with code 4013: they are not valid.',
  ),
  failed('wrongToken', 'AUTHENTICATION_FAILED', 'wrong token', () => 'Discord refused the token with code 4004.'),
  failed(
    'sessionInUse',
    'SESSION_IN_USE',
    'another process has the session',
    () => 'Another process runs the bot with this token and this session store, and has the session.',
  ),
  {
    id: 'failed',
    title: 'the shard failed',
    docs: 'docs/errors.md#errors-that-stop-the-shard',
    matches: ({ failure }) => failure !== null,
    what: ({ failure }) =>
      `The shard stopped for good with ${failure?.code ?? 'an error'}: ${failure?.message ?? 'see the hint'}.`,
    advice: ({ failure }) => failure?.hint ?? NOTHING_TO_DO,
  },
];

export const OTHER_CAUSES: readonly CauseRule[] = [
  {
    id: 'fault',
    title: 'a fault',
    docs: 'docs/errors.md#faults-that-the-shard-survives',
    matches: ({ faults }) => faults.length > 0,
    what: ({ faults: [fault] }) => `${fault?.code ?? ''}: ${fault?.message ?? 'the shard had to reconnect'}.`,
    advice: ({ faults: [fault] }) => fault?.hint ?? NOTHING_TO_DO,
  },
  {
    id: 'requested',
    title: 'your code asked for it',
    docs: 'docs/lifecycle.md',
    matches: (episode) => firstLoss(episode)?.initiator === 'shard',
    what: lossText,
    advice: () => NOTHING_TO_DO,
  },
  {
    id: 'unknown',
    title: 'not known',
    docs: 'docs/lifecycle.md',
    matches: () => true,
    what: () => 'The recording does not say why the shard was not ready.',
    advice: () => 'Look at the details of the incident, and at what is missing in the recording.',
  },
];
