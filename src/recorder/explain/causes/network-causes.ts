/** Causes between the process and Discord: outages, proxies, cut connections, ACKs that do not come. */
import { formatCount, formatDuration, formatMs } from '../../../inspect/page/model/format.ts';
import type { CauseRule } from '../cause-rule.ts';
import { NOTHING_TO_DO } from '../cause-rule.ts';
import { durationOf, firstLoss, hasFault } from '../episode.ts';
import type { Episode } from '../episode.ts';
import { lossText } from './gateway-causes.ts';

const UNREACHABLE = ['CONNECTION_FAILED', 'CONNECT_TIMEOUT'] as const;
const PROXY = ['PROXY_FAILED', 'PROXY_AUTHENTICATION_FAILED'] as const;

const failedAttempts = ({ faults }: Episode): Episode['faults'] =>
  faults.filter(({ code }) => (UNREACHABLE as readonly string[]).includes(code));

/** Whether the host of the option `url` was never among those that could not be reached. */
function isResumeHostOnly(episode: Episode): boolean {
  const { options } = episode;
  const failed = failedAttempts(episode);
  return (
    options !== null &&
    failed.length > 0 &&
    failed.every(({ message }) => message !== null && !message.includes(options.gatewayHost))
  );
}

const timeText = (ms: number): string => (ms < 60_000 ? formatMs(ms) : formatDuration(ms));

const reasonOf = (episode: Episode): string => failedAttempts(episode).at(-1)?.message ?? 'no answer in time';

export const NETWORK_CAUSES: readonly CauseRule[] = [
  {
    id: 'proxyFailed',
    title: 'the proxy refused',
    docs: 'docs/guides/proxy.md',
    matches: (episode) => hasFault(episode, ...PROXY),
    what: ({ faults }) =>
      `The proxy did not connect the shard: ${faults.find(({ code }) => (PROXY as readonly string[]).includes(code))?.message ?? 'it refused'}.`,
    advice: ({ faults }) =>
      faults.find(({ code }) => (PROXY as readonly string[]).includes(code))?.hint ?? NOTHING_TO_DO,
  },
  {
    id: 'resumeHostDown',
    title: 'the resume host was down',
    docs: 'docs/lifecycle.md',
    matches: (episode) => isResumeHostOnly(episode) && episode.end === 'resumed',
    what: (episode) =>
      `The connection was lost, and the host of the session refused new ones (${reasonOf(episode)}). The shard resumed on the main host.`,
    advice: () => NOTHING_TO_DO,
  },
  {
    id: 'outage',
    title: 'the gateway could not be reached',
    docs: 'docs/lifecycle.md',
    matches: (episode) => failedAttempts(episode).length > 0,
    what: (episode) =>
      `The gateway could not be reached for ${timeText(durationOf(episode))}: ${formatCount(failedAttempts(episode).length, 'attempt')} failed, the last with "${reasonOf(episode)}".`,
    advice: () => 'Look at discordstatus.com, and at the network and the DNS of this machine at that time.',
  },
];

export const QUIET_CAUSES: readonly CauseRule[] = [
  {
    id: 'acksMissing',
    title: 'heartbeats were not acknowledged',
    docs: 'docs/lifecycle.md',
    matches: ({ isZombie }) => isZombie,
    what: ({ heartbeatIntervalMs }) =>
      `The gateway stopped acknowledging heartbeats, although this process was not busy: the connection was dead${heartbeatIntervalMs === null ? '' : ` (heartbeats are sent every ${formatMs(heartbeatIntervalMs)})`}.`,
    advice: () =>
      'Nothing, if it is rare. If it repeats, look for a NAT, VPN or firewall that forgets quiet connections.',
  },
  {
    id: 'connectionCut',
    title: 'the connection was cut',
    docs: 'docs/lifecycle.md',
    matches: (episode) => firstLoss(episode)?.initiator === 'transport',
    what: lossText,
    advice: () =>
      'Nothing, if it is rare. If it repeats, look for a proxy, a NAT or a firewall between this machine and Discord.',
  },
];
