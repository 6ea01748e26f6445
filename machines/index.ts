export * from './close-codes.ts';
export * from './events.ts';
export * from './losses.ts';
export * from './shard-state.ts';
export * from './shard-context.ts';
export * from './shard-delays.ts';
export * from './shard.machine.ts';
export * from './timing.ts';
