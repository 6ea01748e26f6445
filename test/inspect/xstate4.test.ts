/** The bridge to inspectors made for XState 4, with one that misbehaves. The real one is in test/xstate-inspect. */
import { afterEach, describe, expect, test } from 'vitest';
import { shardMachine } from '../../machines/index.ts';
import { GatewayError } from '../../src/index.ts';
import { toXState4Definition } from '../../src/inspect/xstate4/definition.ts';
import type { InspectedXState4Service } from '../../src/inspect/xstate4/dev-tools.ts';
import { registerWithXStateInspect } from '../../src/inspect/xstate4/index.ts';
import { virtualShard } from '../kit/virtual-shard.ts';

const installDevTools = (devTools: unknown): void => void Reflect.set(globalThis, '__xstate__', devTools);

afterEach(() => void Reflect.deleteProperty(globalThis, '__xstate__'));

/** Takes down what an inspector is told. */
function recordingDevTools() {
  const told: string[] = [];
  const services: InspectedXState4Service[] = [];
  const register = (service: InspectedXState4Service): void => {
    services.push(service);
    told.push(`register ${JSON.stringify(service.state.value)}`);
    service.send = ({ type }) => told.push(type);
    service.subscribe(({ value }) => told.push(JSON.stringify(value)));
    service.onStop(() => told.push('stop'));
  };
  return { told, services, devTools: { register } };
}

function boom(): never {
  throw new Error('a bad inspector');
}

describe('registerWithXStateInspect', () => {
  test.each([
    ['nothing', undefined],
    ['something else', { register: 'yes' }],
  ])('with %s in globalThis.__xstate__ throws an error that says what to do', (_, devTools) => {
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

  test('tells of nothing after it was unregistered, and stops once', async () => {
    const { told, devTools } = recordingDevTools();
    installDevTools(devTools);
    const { clock, shard } = virtualShard();
    const unregister = registerWithXStateInspect(shard);
    void shard.connect();
    unregister();
    unregister();
    await clock.advanceAsync(100);
    expect([shard.state, told]).toEqual(['ready', ['register "disconnected"', 'shard.connect', '"restoring"', 'stop']]);
  });

  test('tells a listener that has unsubscribed of nothing', () => {
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
    expect(states).toEqual(['restoring']);
  });

  test('names a service after its shard, apart from the services of XState 4', () => {
    const { services, devTools } = recordingDevTools();
    installDevTools(devTools);
    const { shard } = virtualShard({ shardId: 3, shardCount: 8 });
    registerWithXStateInspect(shard);
    expect([services[0]!.id, services[0]!.sessionId]).toEqual(['shard 3 of 8', `shardwright:${shard.actor.sessionId}`]);
    expect(JSON.stringify(services[0]!.machine)).toBe(JSON.stringify(toXState4Definition(shardMachine)));
  });

  test.each<[string, (service: InspectedXState4Service) => void]>([
    ['registers', boom],
    ['is told of an event', (service) => (service.send = boom)],
    ['is told of a state', (service) => service.subscribe(boom)],
    [
      'is told of an event and of the stop',
      (service) => {
        service.send = boom;
        service.onStop(boom);
      },
    ],
  ])('detaches an inspector that throws when it %s; the shard goes on', async (_, register) => {
    const { told, devTools } = recordingDevTools();
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
    expect([shard.state, events.faults, told.at(-1)]).toEqual(['disconnected', [], 'stop']);
    expect(causes).toEqual([new Error('a bad inspector')]);
  });

  test('survives an onDetached that throws', async () => {
    installDevTools({ register: boom });
    const { clock, shard } = virtualShard();
    registerWithXStateInspect(shard, { onDetached: boom });
    const connecting = shard.connect();
    await clock.advanceAsync(100);
    await connecting;
    expect(shard.state).toBe('ready');
  });

  test('an event that can not even be looked at detaches the inspector, not the shard', async () => {
    const { told, devTools } = recordingDevTools();
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
    expect([shard.state, told]).toEqual(['ready', ['register "disconnected"', 'stop']]);
  });

  test('a machine that is stopped is seen as stopped', () => {
    const { told, devTools } = recordingDevTools();
    installDevTools(devTools);
    const { shard } = virtualShard();
    registerWithXStateInspect(shard);
    shard.actor.stop();
    expect(told.at(-1)).toBe('stop');
    expect(told.filter((line) => line === 'stop')).toHaveLength(1);
  });
});
