/** Makes up the data of replayed dispatches: no recording contains any. It has the size of the recorded one. */
import type { Ids } from '../ids.ts';

const EPOCH = '2024-01-01T00:00:00.000000+00:00';
/** The size of what is around the data in a frame, without the name of the event. */
const FRAME_BYTES = 60;

/** Fields that clients read without looking whether they are there. */
export class MadeUpData {
  readonly #ids: Readonly<Record<'id' | 'guild_id' | 'channel_id' | 'user_id' | 'message_id', string>>;

  constructor(ids: Ids) {
    this.#ids = {
      id: ids.snowflake('replayed object'),
      guild_id: ids.snowflake('replayed guild'),
      channel_id: ids.snowflake('replayed channel'),
      user_id: ids.snowflake('replayed user'),
      message_id: ids.snowflake('replayed message'),
    };
  }

  /** Returns data for an event, about as large as `bytes`. */
  of(t: string, bytes: number): unknown {
    const { user_id: userId } = this.#ids;
    const user = { id: userId, username: 'replayed', discriminator: '0', global_name: null, avatar: null };
    const data = {
      ...this.#ids,
      author: user,
      user,
      status: 'online',
      activities: [],
      client_status: {},
      timestamp: t === 'TYPING_START' ? 1_704_067_200 : EPOCH,
    };
    const missing = bytes - FRAME_BYTES - t.length - JSON.stringify(data).length;
    return missing > 0 ? { ...data, padding: 'x'.repeat(missing) } : data;
  }
}
