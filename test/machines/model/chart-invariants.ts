/**
 * What must hold in every state that a shard can reach. Each invariant returns what it finds wrong, so that tests can
 * try it on a broken chart too. Time is left out: the exploration reaches more states than a real shard, never fewer.
 */
import { getNextTransitions, transition } from 'xstate';
import type { ActorLogic, ExecutableActionObject } from 'xstate';
import { adjacencyMapToArray, getAdjacencyMap } from 'xstate/graph';
import { CLOSE_CODES, endsSession } from '../../../machines/index.ts';
import type { CloseSocketInput, ShardEvent, ShardInput, SocketCommand } from '../../../machines/index.ts';
import { closed } from '../shard-events.ts';
import { INPUTS, malformedEvents, possibleEvents } from './shard-model.ts';
import type { ShardMachine, ShardSnapshot } from './shard-model.ts';

interface Move {
  readonly from: ShardSnapshot;
  readonly event: ShardEvent;
  readonly to: ShardSnapshot;
}

export interface Explored {
  readonly machine: ShardMachine;
  readonly states: readonly ShardSnapshot[];
  readonly moves: readonly Move[];
}

export type Invariant = (explored: Explored) => string[];

const AFTER = 'xstate.after.';

/** The running delays, as events that may come now. */
const delays = (snapshot: ShardSnapshot): ShardEvent[] =>
  [...new Set(getNextTransitions(snapshot).map(({ eventType }) => String(eventType)))]
    .filter((type) => type.startsWith(AFTER))
    .map((type) => ({ type }) as ShardEvent);

/** What decides where a shard can go next. The last loss matters only until the next connection. */
function key({ value, context }: ShardSnapshot): string {
  const { session, shouldReconnect, warmStart, failedResumes, loss, timing } = context;
  const isOnline = typeof value === 'object' && 'online' in value;
  const memory = isOnline || loss === null ? null : [loss.closeWith, loss.code, loss.reconnect];
  return JSON.stringify([
    value,
    session !== null,
    shouldReconnect,
    warmStart,
    Math.min(failedResumes, timing.maxResumeAttempts),
    memory,
  ]);
}

/** False for an event that breaks the machine; an invariant finds those. */
function isAccepted(snapshot: ShardSnapshot, event: ShardEvent): boolean {
  try {
    return snapshot.can(event);
  } catch {
    return false;
  }
}

export function explore(machine: ShardMachine, inputs: readonly ShardInput[] = INPUTS): Explored {
  const states = new Map<string, ShardSnapshot>();
  const moves = new Map<string, Move>();
  for (const input of inputs) {
    const known = new Set(states.keys());
    const map = getAdjacencyMap(machine as unknown as ActorLogic<ShardSnapshot, ShardEvent, ShardInput>, {
      input,
      events: (snapshot) => [...possibleEvents(snapshot), ...delays(snapshot)],
      filterEvents: isAccepted,
      serializeState: key,
      stopWhen: (snapshot) => known.has(key(snapshot)),
    });
    for (const [name, { state }] of Object.entries(map)) states.set(name, state);
    for (const { state, event, nextState } of adjacencyMapToArray(map)) {
      moves.set(JSON.stringify([key(state), event]), { from: state, event, to: nextState });
    }
  }
  return { machine, states: [...states.values()], moves: [...moves.values()] };
}

export const describeState = ({ value }: ShardSnapshot): string => JSON.stringify(value);

const unique = (found: readonly string[]): string[] => [...new Set(found)];

/** The parameters of a move's actions of one kind. */
function actionParams<Params>({ machine }: Explored, move: Move, kind: string): Params[] {
  const actions = actionsByMove.get(move) ?? transition(machine, move.from, move.event)[1];
  actionsByMove.set(move, actions);
  return actions.filter(({ type }) => type === kind).map(({ params }) => params as Params);
}

const actionsByMove = new WeakMap<Move, readonly ExecutableActionObject[]>();

const sendsCommand = (explored: Explored, move: Move, command: SocketCommand['type']): boolean =>
  actionParams<{ event: SocketCommand }>(explored, move, 'xstate.sendTo').some(({ event }) => event.type === command);

const isOnline = (snapshot: ShardSnapshot): boolean => snapshot.matches('online');

/** Actors that always answer, so the states that invoke them need no deadline. */
const ACTORS_THAT_ANSWER: Readonly<Record<string, string>> = { identifyPermit: 'the identify gate grants, or refuses' };

const HEARTBEAT = 'shard.online.heartbeat';

/** The ids of the states whose running delays lead to another state. */
const deadlinesOf = (snapshot: ShardSnapshot): string[] =>
  getNextTransitions(snapshot)
    .filter(({ eventType, target }) => String(eventType).startsWith(AFTER) && target !== undefined)
    .map(({ source }) => source.id);

const sourcesOf = ({ children }: ShardSnapshot): string[] =>
  Object.values(children).flatMap((child) => (typeof child?.src === 'string' ? [child.src] : []));

/** The keys of all states from which a goal can be reached. */
function ancestors(
  moves: readonly Move[],
  isGoal: (snapshot: ShardSnapshot) => boolean,
  states: readonly ShardSnapshot[],
): Set<string> {
  const reached = new Set(states.filter(isGoal).map(key));
  for (let before = -1; before < reached.size;) {
    before = reached.size;
    for (const { from, to } of moves) if (reached.has(key(to))) reached.add(key(from));
  }
  return reached;
}

const unableToReach = (states: readonly ShardSnapshot[], reached: ReadonlySet<string>, goal: string): string[] =>
  unique(
    states.filter((state) => !reached.has(key(state))).map((state) => `${describeState(state)} never reaches ${goal}`),
  );

const FATAL = Object.entries(CLOSE_CODES)
  .filter(([, { action }]) => action === 'fail')
  .map(([code]) => Number(code));

const isOf = (event: ShardEvent, families: readonly string[]): boolean =>
  families.some((family) => event.type.startsWith(family));

export const INVARIANTS = {
  'every state except disconnected, ready and failed has a deadline': ({ states }) =>
    unique(
      states
        .filter(
          (state) =>
            !(['disconnected', 'failed', { online: { session: 'ready' } }] as const).some((value) =>
              state.matches(value),
            ),
        )
        .filter(
          (state) =>
            !deadlinesOf(state).some((id) => !id.startsWith(HEARTBEAT)) &&
            !sourcesOf(state).some((src) => src in ACTORS_THAT_ANSWER),
        )
        .map((state) => `${describeState(state)} has no deadline`),
    ),

  'from HELLO on a heartbeat is always scheduled': ({ states }) =>
    unique(
      states
        .filter((state) => isOnline(state) && !state.matches({ online: { session: 'connecting', heartbeat: 'idle' } }))
        .filter((state) => !deadlinesOf(state).some((id) => id.startsWith(HEARTBEAT)))
        .map((state) => `${describeState(state)} has no next heartbeat`),
    ),

  'a resuming shard has a session': ({ states }) =>
    unique(
      states
        .filter((state) => state.matches({ online: { session: 'resuming' } }) && state.context.session === null)
        .map(describeState),
    ),

  'a shard never has two sockets': ({ states }) =>
    unique(states.filter((state) => sourcesOf(state).filter((src) => src === 'socket').length > 1).map(describeState)),

  'a shard has a socket in online and in no other state': ({ states }) =>
    unique(states.filter((state) => sourcesOf(state).includes('socket') !== isOnline(state)).map(describeState)),

  'IDENTIFY is sent only in the step that grants a permit': (explored) =>
    unique(
      explored.moves
        .filter((move) => move.event.type !== 'identify.granted' && sendsCommand(explored, move, 'identify'))
        .map(({ from, event }) => `${event.type} in ${describeState(from)} identifies`),
    ),

  'RESUME is never sent without a session': (explored) =>
    unique(
      explored.moves
        .filter((move) => move.to.context.session === null && sendsCommand(explored, move, 'resume'))
        .map(({ from, event }) => `${event.type} in ${describeState(from)} resumes`),
    ),

  'no event, valid or malformed, breaks the machine': ({ machine, states }) =>
    unique(
      states.flatMap((state) =>
        [...possibleEvents(state), ...malformedEvents(state)].flatMap((event) => {
          try {
            if (machine.getTransitionData(state, event).length === 0) return [];
            return transition(machine, state, event)[0].status === 'active'
              ? []
              : [`${event.type} in ${describeState(state)} stops it`];
          } catch (error) {
            return [`${event.type} in ${describeState(state)}: ${String(error)}`];
          }
        }),
      ),
    ),

  'every state has a way to ready': ({ states, moves }) =>
    unableToReach(
      states,
      ancestors(moves, (state) => state.matches({ online: { session: 'ready' } }), states),
      'ready',
    ),

  'every state except failed has a way to disconnected': ({ states, moves }) =>
    unableToReach(
      states.filter((state) => state.value !== 'failed'),
      ancestors(moves, ({ value }) => value === 'disconnected', states),
      'disconnected',
    ),

  'without commands, a shard that may reconnect has a way to ready': ({ states, moves }) => {
    const rests = ['disconnected', 'failed', { disconnecting: 'closing' }] as const;
    const going = states.filter((state) => state.context.shouldReconnect && !rests.some((rest) => state.matches(rest)));
    const alone = moves.filter(({ event }) => !event.type.startsWith('shard.'));
    return unableToReach(
      going,
      ancestors(alone, (state) => state.matches({ online: { session: 'ready' } }), states),
      'ready without commands',
    );
  },

  'a fatal close code leads to failed from every online state': ({ machine, states }) =>
    unique(
      states.filter(isOnline).flatMap((state) =>
        FATAL.map(
          (code) =>
            [
              code,
              transition(machine, state, { ...closed(code), connectionId: state.context.connectionId })[0].value,
            ] as const,
        )
          .filter(([, value]) => value !== 'failed')
          .map(([code, value]) => `${code} in ${describeState(state)} leads to ${JSON.stringify(value)}`),
      ),
    ),

  'only op 9 false and a disconnect() that discards the session close with 1000 or 1001': (explored) =>
    unique(
      explored.moves
        .filter(({ event }) => !(event.type === 'shard.disconnect' && event.session === 'discard'))
        .filter(({ event }) => !(event.type === 'gateway.invalidSession' && !event.resumable))
        .flatMap((move) =>
          actionParams<{ src: string; input: CloseSocketInput }>(explored, move, 'xstate.spawnChild')
            .filter(({ src, input }) => src === 'closeSocket' && endsSession(input.closeWith ?? 0))
            .map(({ input }) => `${move.event.type} in ${describeState(move.from)} closes with ${input.closeWith}`),
        ),
    ),

  'outside online only the end of the socket is handled': ({ machine, states }) =>
    unique(
      states
        .filter((state) => !isOnline(state))
        .flatMap((state) =>
          possibleEvents(state)
            .filter((event) => isOf(event, ['socket.', 'gateway.']) && event.type !== 'socket.closeCompleted')
            .filter((event) => machine.getTransitionData(state, event).length > 0)
            .map((event) => `${event.type} is handled in ${describeState(state)}`),
        ),
    ),
} as const satisfies Record<string, Invariant>;
