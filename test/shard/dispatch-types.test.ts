/** What the types know about a dispatch: its name narrows its data, wherever dispatches come from. */
import type {
  GatewayGuildCreateDispatchData,
  GatewayMessageCreateDispatchData,
  GatewayReadyDispatchData,
} from 'discord-api-types/v10';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { Shard, ShardManager } from '../../src/index.ts';
import type { CustomEventName, Dispatch, DispatchOf, EventName, ShardDispatch } from '../../src/index.ts';
import { readyShard } from '../kit/virtual-shard.ts';

const nameOf = (dispatch: Dispatch): string => dispatch.t;

const MESSAGE = { id: '1', content: 'hello' };

describe('the name of a dispatch', () => {
  test('narrows its data in a listener of dispatch, also when both are destructured', async () => {
    const { gateway, shard } = await readyShard();
    const seen: unknown[] = [];
    shard.on('dispatch', (dispatch) => {
      if (dispatch.t !== 'MESSAGE_CREATE') return;
      expectTypeOf(dispatch.d).toEqualTypeOf<GatewayMessageCreateDispatchData>();
      seen.push(dispatch.d.content);
    });
    shard.on('dispatch', ({ t, d }) => {
      if (t === 'MESSAGE_CREATE') seen.push(d.content);
    });
    gateway.dispatch('MESSAGE_CREATE', MESSAGE);
    expect(seen).toEqual(['hello', 'hello']);
  });

  test('narrows its data in dispatches(), and that of other names is unknown', async () => {
    const { gateway, shard } = await readyShard();
    const seen: unknown[] = [];
    const stream = shard.dispatches();
    gateway.dispatch('MESSAGE_CREATE', MESSAGE);
    gateway.dispatch('GUILD_CREATE', { id: '2', name: 'home' });
    gateway.dispatch('EVENT_OF_TOMORROW', 7);
    for await (const dispatch of stream) {
      if (dispatch.t === 'MESSAGE_CREATE') {
        expectTypeOf(dispatch.d).toEqualTypeOf<GatewayMessageCreateDispatchData>();
        seen.push(dispatch.d.content);
      } else if (dispatch.t === 'GUILD_CREATE') {
        expectTypeOf(dispatch.d).toEqualTypeOf<GatewayGuildCreateDispatchData>();
        seen.push(dispatch.d.id);
      } else {
        const name: string = dispatch.t;
        const data: unknown = dispatch.d;
        seen.push(name, data);
      }
      if (seen.length === 4) break;
    }
    expect(seen).toEqual(['hello', '2', 'EVENT_OF_TOMORROW', 7]);
  });

  test('is one of those that dispatches() is asked for', async () => {
    const { gateway, shard } = await readyShard();
    const stream = shard.dispatches({ events: ['MESSAGE_CREATE'] });
    gateway.dispatch('MESSAGE_CREATE', MESSAGE);
    for await (const dispatch of stream) {
      expectTypeOf(dispatch).toEqualTypeOf<Dispatch<'MESSAGE_CREATE'>>();
      expect(dispatch.d.content).toBe('hello');
      break;
    }
    const two = shard.dispatches({ events: ['MESSAGE_CREATE', 'READY'] });
    expectTypeOf(two).toExtend<AsyncIterable<DispatchOf<'MESSAGE_CREATE'> | DispatchOf<'READY'>>>();
    const all = shard.dispatches({ highWaterMark: 4 });
    expectTypeOf(all).toExtend<AsyncIterable<Dispatch>>();
  });

  test('may be one that the types do not know, written as CustomEventName', async () => {
    const { gateway, shard } = await readyShard();
    const stream = shard.dispatches({ events: ['EVENT_OF_TOMORROW' as CustomEventName, 'READY'] });
    gateway.dispatch('EVENT_OF_TOMORROW', 7);
    for await (const dispatch of stream) {
      if (dispatch.t === 'READY') expectTypeOf(dispatch.d).toEqualTypeOf<GatewayReadyDispatchData>();
      else expectTypeOf(dispatch.d).toBeUnknown();
      expect([dispatch.t as string, dispatch.d]).toEqual(['EVENT_OF_TOMORROW', 7]);
      break;
    }
    expect((): unknown => new Shard({ token: 'x', intents: 0, events: ['NEW' as CustomEventName] })).not.toThrow();
  });

  test('is refused by the types where it is not written as Discord writes it', async () => {
    const { shard } = await readyShard();
    // @ts-expect-error -- the name has a typo
    shard.dispatches({ events: ['MESAGE_CREATE'] });
    // @ts-expect-error -- the name has a typo
    expect((): unknown => new Shard({ token: 'x', intents: 0, events: ['MESAGE_CREATE'] })).not.toThrow();
    expectTypeOf<'MESAGE_CREATE'>().not.toExtend<Dispatch['t']>();
    // @ts-expect-error -- a dispatch of another name has other data
    shard.on('dispatch', ({ t, d }) => t === 'READY' && d.content);
    // @ts-expect-error -- the data of all dispatches together is unknown
    shard.on('dispatch', ({ d }) => d.id);
  });

  test('narrows the data of a manager, whose dispatches say their shard', () => {
    const manager = new ShardManager({ token: 'x', intents: 0 });
    manager.on('dispatch', ({ t, d }, shardId) => {
      expectTypeOf(shardId).toEqualTypeOf<number>();
      if (t === 'MESSAGE_CREATE') expectTypeOf(d).toEqualTypeOf<GatewayMessageCreateDispatchData>();
    });
    const stream = manager.dispatches({ events: ['MESSAGE_CREATE'] });
    expectTypeOf(stream).toExtend<AsyncIterable<ShardDispatch<'MESSAGE_CREATE'>>>();
    expectTypeOf<ShardDispatch<'MESSAGE_CREATE'>['d']>().toEqualTypeOf<GatewayMessageCreateDispatchData>();
    expectTypeOf<ShardDispatch['shardId']>().toEqualTypeOf<number>();
    // @ts-expect-error -- the name has a typo
    manager.dispatches({ events: ['MESAGE_CREATE'] });
  });

  test('is any name for a function that takes every dispatch', () => {
    expectTypeOf<Dispatch<'MESSAGE_CREATE'>>().toExtend<Dispatch>();
    expectTypeOf<Dispatch<EventName>>().toExtend<Dispatch>();
    expectTypeOf<DispatchOf<CustomEventName>>().toExtend<Dispatch>();
    expectTypeOf(nameOf).parameter(0).toEqualTypeOf<Dispatch>();
  });
});
