/** Dispatches of any name and with any data, as no gateway would send them. */
import type { Dispatch } from '../../src/index.ts';

export const madeDispatch = (t: string, s: number, d: unknown = {}, raw: Uint8Array = Buffer.from('{}')): Dispatch =>
  ({ op: 0, t, s, d, raw }) as Dispatch;
