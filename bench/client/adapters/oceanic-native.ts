/** With node:zlib as its zlib. */
import { createWith } from './oceanic.ts';

export const create = createWith('native');
