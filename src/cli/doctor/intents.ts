/** Checks the intents: whether they exist, and which need to be enabled in the Developer Portal. */
import { Intents, resolveIntents } from '../../index.ts';
import type { IntentName } from '../../index.ts';
import type { Check } from './check.ts';
import { failed, ok, warning } from './check.ts';

/** @see https://discord.com/developers/docs/events/gateway#privileged-intents */
const PRIVILEGED: readonly IntentName[] = ['GuildMembers', 'GuildPresences', 'MessageContent'];

const KNOWN_BITS = Object.values(Intents).reduce((sum, bit) => sum | bit, 0);

/** @param text - names separated by commas, or a number */
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
      `unknown: ${unknown.map((name) => `'${name}'`).join(', ')}`,
      `Use names from this list: ${Object.keys(Intents).join(', ')}.`,
      { unknown },
    );
  }
  const bits = isNumber ? Number(text) : resolveIntents(names as IntentName[]);
  if (!Number.isSafeInteger(bits) || bits > KNOWN_BITS || (bits & ~KNOWN_BITS) !== 0) {
    return failed(
      'Intents',
      `${text} has unknown bits`,
      `Use a number up to ${KNOWN_BITS}, which is all intents together.`,
    );
  }
  const selected = Object.entries(Intents)
    .filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => name);
  const privileged = PRIVILEGED.filter((name) => selected.includes(name));
  const figures = { bits, names: selected, privileged };
  if (selected.length === 0) return warning('Intents', '0: almost no events', 'Add at least Guilds.', figures);
  const found = `${bits}: ${selected.join(', ')}`;
  if (privileged.length === 0) return ok('Intents', found, figures);
  const list = privileged.join(', ');
  return warning(
    'Intents',
    found,
    `Enable ${list} in the Developer Portal (Bot → Privileged Gateway Intents). Otherwise Discord closes the connection with 4014.`,
    figures,
  );
}
