/** Connections are cut when they reach a certain age: something between the bot and Discord has a time limit. */
import { formatDuration, formatMs, median } from '../../../inspect/page/model/format.ts';
import { firstLoss } from '../episode.ts';
import { numbersOf } from './pattern-rule.ts';
import type { PatternRule } from './pattern-rule.ts';

const MIN_CUTS = 3;
/** How far ages may be apart: a part of the age, but at least some time. */
const SPREAD = { part: 0.05, ms: 2_000 } as const;
/** The part of all cuts that must have this age. */
const MOST = 0.75;

export const regularCuts: PatternRule = ({ episodes, incidents }) => {
  const ages = episodes.flatMap((episode) => {
    const loss = firstLoss(episode);
    const isCut = loss?.initiator === 'transport' || loss?.code === 1000 || loss?.code === 1001;
    return isCut && episode.readyForMs !== null ? [episode.readyForMs] : [];
  });
  const age = median(ages);
  if (age === null) return null;
  const spread = Math.max(SPREAD.ms, age * SPREAD.part);
  const alike = ages.filter((other) => Math.abs(other - age) <= spread);
  // Cuts that follow each other within the spread have no period.
  if (alike.length < MIN_CUTS || alike.length < ages.length * MOST || age <= 2 * spread) return null;
  const ageText = age < 600_000 ? formatMs(age).replace(/\.0 s$/, ' s') : formatDuration(age);
  return {
    id: 'regularCuts',
    title: `something cuts connections every ${ageText}`,
    text: `${alike.length} of ${ages.length} connections were cut when they were ${ageText} old. Discord does not do that: a proxy, a load balancer or a firewall has a time limit.`,
    advice: 'Raise the time limit of the proxy for WebSockets, or connect without it.',
    incidents: numbersOf(incidents, 'connectionCut', 'closedByGateway'),
  };
};
