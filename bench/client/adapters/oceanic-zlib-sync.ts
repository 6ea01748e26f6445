/** With zlib-sync as its zlib. */
import { createWith } from './oceanic.ts';

export const create = createWith('zlib-sync');
