/** A shard observed by Stately's inspector. It runs in memory, because its relay would listen on all interfaces. */
import { createInspector } from '@statelyai/inspect';
import type { StatelyInspectionEvent } from '@statelyai/inspect';
import { describe, expect, test } from 'vitest';
import type { StateValue } from 'xstate';
import { shardMachine, shardState } from '../../machines/index.ts';
import type { ShardState } from '../../machines/index.ts';
import { SCENARIO, SECRET_CONTENT, SECRET_TOKEN, inspectedScenario } from '../kit/inspected-scenario.ts';
import { recordEvents } from '../kit/record-events.ts';

type Message<Type extends StatelyInspectionEvent['type']> = Extract<StatelyInspectionEvent, { type: Type }>;

/** Records the messages as they would go over the wire. */
class MemoryAdapter {
  readonly sent: string[] = [];
  #onSent: () => void = () => undefined;

  send(event: StatelyInspectionEvent): void {
    this.sent.push(JSON.stringify(event));
    this.#onSent();
  }

  of<Type extends StatelyInspectionEvent['type']>(type: Type): Message<Type>[] {
    const messages = this.sent.map((text) => JSON.parse(text) as StatelyInspectionEvent);
    return messages.filter((message): message is Message<Type> => message.type === type);
  }

  /** Resolves when a condition holds; messages come a little later than what they report. */
  until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#onSent = () => {
        if (isMet()) resolve();
      };
      this.#onSent();
    });
  }
}

const stateOf = (snapshot: object): ShardState => shardState((snapshot as { value: StateValue }).value);

describe('@statelyai/inspect', () => {
  test('receives actors, events and snapshots of a shard, but neither token nor payload', async () => {
    const adapter = new MemoryAdapter();
    const { inspect } = createInspector(adapter);
    await using kit = await inspectedScenario({ inspect });
    const { gateway, shard } = kit;
    const events = recordEvents(shard);
    await kit.run();

    const root = shard.actor.sessionId;
    const ofShard = <Message extends { sessionId: string }>(messages: Message[]): Message[] =>
      messages.filter(({ sessionId }) => sessionId === root);
    const snapshots = () => ofShard(adapter.of('@xstate.snapshot'));
    await adapter.until(() => snapshots().length > SCENARIO.length);

    const actors = adapter.of('@xstate.actor');
    expect(actors.map(({ name, parentId }) => [name, parentId])).toEqual([
      ['shard', undefined],
      ['socket', root],
      ['0.shard.online.session.identifying.queued', root],
      ['0.shard.zombie', root],
      ['0.shard.reconnecting', root],
      ['socket', root],
      ['0.shard.disconnecting', root],
    ]);
    expect(Object.keys((JSON.parse(actors[0]!.definition!) as { states: object }).states)).toEqual(
      Object.keys(shardMachine.states).toSorted(),
    );
    expect(snapshots().map(({ event, snapshot }) => [event.type, stateOf(snapshot)])).toEqual([
      ['xstate.init', 'disconnected'],
      ...SCENARIO,
    ]);
    expect(ofShard(adapter.of('@xstate.event')).map(({ event }) => event.type)).toEqual([
      'xstate.init',
      ...SCENARIO.map(([event]) => event),
    ]);
    expect(events.faults).toEqual([]);

    const all = adapter.sent.join('\n');
    expect([SECRET_TOKEN, SECRET_CONTENT].filter((secret) => all.includes(secret))).toEqual([]);
    // Proves that the check can fail: both secrets went over the wire.
    expect(JSON.stringify(gateway.history.map(({ received }) => received))).toContain(SECRET_TOKEN);
    expect(JSON.stringify(events.of('dispatch'))).toContain(SECRET_CONTENT);
  });
});
