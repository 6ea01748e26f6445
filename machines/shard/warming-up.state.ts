/**
 * The state `warmingUp` of the chart of a shard, with the option `warmStart`. An earlier process began the session. What
 * it knew of the guilds is delivered before the replay. A session whose guilds can't be restored is not resumed: the bot
 * would not know its guilds.
 */
import { CLEAR_SESSION, COMMANDS_BEFORE_SOCKET, shardSetup } from './shard.setup.ts';

const TOO_LATE = {
  type: 'emitSnapshotFault',
  params: { reason: 'the guilds of the session were not restored in time', cause: undefined },
} as const;

export const warmingUpState = shardSetup.createStateConfig({
  invoke: { src: 'warmUp', input: ({ context }) => ({ shardId: context.shardId }) },
  after: { warmUpTimeout: { target: 'online', actions: [CLEAR_SESSION, TOO_LATE] } },
  on: {
    'snapshot.delivered': 'online',
    'snapshot.failed': {
      target: 'online',
      actions: [
        CLEAR_SESSION,
        { type: 'emitSnapshotFault', params: ({ event: { reason, cause } }) => ({ reason, cause }) },
      ],
    },
    ...COMMANDS_BEFORE_SOCKET,
  },
});
