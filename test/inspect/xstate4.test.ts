/** The bridge to inspectors made for XState 4, with fake inspectors. test/xstate-inspect uses the real one. */
import { afterEach, describe, expect, test } from 'vitest';
import { shardMachine } from '../../machines/index.ts';
import { GatewayError } from '../../src/index.ts';
import { toXState4Definition } from '../../src/inspect/xstate4/definition.ts';
import type { InspectedXState4Service } from '../../src/inspect/xstate4/dev-tools.ts';
import { registerWithXStateInspect } from '../../src/inspect/xstate4/index.ts';
import { virtualShard } from '../kit/virtual-shard.ts';

const installDevTools = (devTools: unknown): void => void Reflect.set(globalThis, '__xstate__', devTools);

afterEach(() => void Reflect.deleteProperty(globalThis, '__xstate__'));

/** A fake inspector that records its notifications. */
function recordingDevTools() {
  const notifications: string[] = [];
  const services: InspectedXState4Service[] = [];
  const register = (service: InspectedXState4Service): void => {
    services.push(service);
    notifications.push(`register ${JSON.stringify(service.state.value)}`);
    service.send = ({ type }) => notifications.push(type);
    service.subscribe(({ value }) => notifications.push(JSON.stringify(value)));
    service.onStop(() => notifications.push('stop'));
  };
  return { notifications, services, devTools: { register } };
}

function boom(): never {
  throw new Error('a bad inspector');
}

/** Where a shard is after connect(). */
const OPENING = { online: { session: { connecting: 'opening' }, heartbeat: 'idle' } };

describe('registerWithXStateInspect', () => {
  test.each([
    ['nothing', undefined],
    ['something else', { register: 'yes' }],
  ])('throws NO_INSPECTOR with a hint when globalThis.__xstate__ holds %s', (_, devTools) => {
    installDevTools(devTools);
    const { shard } = virtualShard();
    expect(() => registerWithXStateInspect(shard)).toThrow(
      expect.objectContaining({
        code: 'NO_INSPECTOR',
        hint: 'Call inspect() of @xstate/inspect first, in the same process; see docs/inspector.md.',
      }),
    );
    expect(() => registerWithXStateInspect(shard)).toThrow(GatewayError);
  });

  test('notifies of nothing after unregister(), and of the stop once', async () => {
    const { notifications, devTools } = recordingDevTools();
    installDevTools(devTools);
    const { clock, shard } = virtualShard();
    const unregister = registerWithXStateInspect(shard);
    void shard.connect();
    unregister();
    unregister();
    await clock.advanceAsync(100);
    expect(shard.state).toBe('ready');
    expect(notifications).toEqual(['register "disconnected"', 'shard.connectWith', JSON.stringify(OPENING), 'stop']);
  });

  test('does not notify a listener that has unsubscribed', () => {
    const states: unknown[] = [];
    installDevTools({
      register: (service: InspectedXState4Service) => {
        const subscription = service.subscribe(({ value }) => {
          states.push(value);
          subscription.unsubscribe();
        });
      },
    });
    const { shard } = virtualShard();
    registerWithXStateInspect(shard);
    void shard.connect();
    shard.forceClose();
    expect(states).toEqual([OPENING]);
  });

  test('names a service after its shard, with an id that no XState 4 service has', () => {
    const { services, devTools } = recordingDevTools();
    installDevTools(devTools);
    const { shard } = virtualShard({ shardId: 3, shardCount: 8 });
    registerWithXStateInspect(shard);
    expect(services[0]!.id).toBe('shard 3 of 8');
    expect(services[0]!.sessionId).toBe(`shardwright:${shard.actor.sessionId}`);
    expect(JSON.stringify(services[0]!.machine)).toBe(JSON.stringify(toXState4Definition(shardMachine)));
  });

  test.each<[string, (service: InspectedXState4Service) => void]>([
    ['registers', boom],
    ['is notified of an event', (service) => (service.send = boom)],
    ['is notified of a state', (service) => service.subscribe(boom)],
    [
      'is notified of an event and of the stop',
      (service) => {
        service.send = boom;
        service.onStop(boom);
      },
    ],
  ])('detaches an inspector that throws when it %s, and the shard keeps running', async (_, register) => {
    const { notifications, devTools } = recordingDevTools();
    const causes: unknown[] = [];
    installDevTools({
      register: (service: InspectedXState4Service) => {
        devTools.register(service);
        register(service);
      },
    });
    const { clock, shard, events } = virtualShard();
    registerWithXStateInspect(shard, { onDetached: (cause) => causes.push(cause) });
    const connecting = shard.connect();
    await clock.advanceAsync(100);
    await connecting;
    await Promise.all([shard.disconnect(), clock.advanceAsync(100)]);
    expect(shard.state).toBe('disconnected');
    expect(events.faults).toEqual([]);
    expect(notifications.at(-1)).toBe('stop');
    expect(causes).toEqual([new Error('a bad inspector')]);
  });

  test('the shard keeps running when onDetached throws', async () => {
    installDevTools({ register: boom });
    const { clock, shard } = virtualShard();
    registerWithXStateInspect(shard, { onDetached: boom });
    const connecting = shard.connect();
    await clock.advanceAsync(100);
    await connecting;
    expect(shard.state).toBe('ready');
  });

  test('an event whose getter throws detaches the inspector, and the shard keeps running', async () => {
    const { notifications, devTools } = recordingDevTools();
    installDevTools(devTools);
    const { clock, shard } = virtualShard();
    registerWithXStateInspect(shard);
    shard.actor.send({
      type: 'socket.dispatchTimeout',
      connectionId: 0,
      get odd(): never {
        return boom();
      },
    } as never);
    const connecting = shard.connect();
    await clock.advanceAsync(100);
    await connecting;
    expect(shard.state).toBe('ready');
    expect(notifications).toEqual(['register "disconnected"', 'stop']);
  });

  test('notifies of the stop once when the machine stops', () => {
    const { notifications, devTools } = recordingDevTools();
    installDevTools(devTools);
    const { shard } = virtualShard();
    registerWithXStateInspect(shard);
    shard.actor.stop();
    expect(notifications.at(-1)).toBe('stop');
    expect(notifications.filter((notification) => notification === 'stop')).toHaveLength(1);
  });
});
