/** Checks of the intents: whether there are such, and which need a consent in the Developer Portal. */
import { Intents, resolveIntents } from '../../index.ts';
import type { IntentName } from '../../index.ts';
import type { Check } from './check.ts';
import { failed, ok, warning } from './check.ts';

/** @see https://discord.com/developers/docs/events/gateway#privileged-intents */
const PRIVILEGED: readonly IntentName[] = ['GuildMembers', 'GuildPresences', 'MessageContent'];

const KNOWN_BITS = Object.values(Intents).reduce((sum, bit) => sum | bit, 0);

/** As they were typed: names with commas between, or a number. */
export function intentsCheck(text: string): Check {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const isNumber = /^\d+$/.test(text.trim());
  const unknown = isNumber ? [] : names.filter((name) => !Object.hasOwn(Intents, name));
  if (unknown.length > 0) {
    return failed(
      'Intents',
      `no such intent as ${unknown.map((name) => `'${name}'`).join(', ')}`,
      `There are ${Object.keys(Intents).join(', ')}.`,
      { unknown },
    );
  }
  const bits = isNumber ? Number(text) : resolveIntents(names as IntentName[]);
  if (!Number.isSafeInteger(bits) || bits > KNOWN_BITS || (bits & ~KNOWN_BITS) !== 0) {
    return failed('Intents', `${text} has bits that are no intent`, `All intents together are ${KNOWN_BITS}.`);
  }
  const selected = Object.entries(Intents)
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => name);
  const privileged = PRIVILEGED.filter((name) => selected.includes(name));
  const figures = { bits, names: selected, privileged };
  if (selected.length === 0)
    return warning('Intents', '0: no events but those of direct concern', 'Ask for at least Guilds.', figures);
  const found = `${bits}: ${selected.join(', ')}`;
  if (privileged.length === 0) return ok('Intents', found, figures);
  const list = privileged.join(', ');
  return warning(
    'Intents',
    found,
    `${list} ${privileged.length === 1 ? 'is' : 'are'} privileged: allow it under Bot → Privileged Gateway Intents in the Developer Portal, or Discord closes with 4014.`,
    figures,
  );
}
