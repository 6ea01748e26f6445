/** One case of the conformance suite for engines, and what it needs to run. */
import type { Engine } from '../../cluster/ports/engine.ts';

/** An engine that knows nothing, for one case alone. */
export interface EngineContext {
  /** Its `leaseTtlMs` should be short where time is real, and longer than any pause of the machine: 2 s, for example. */
  readonly engine: Engine;
  /** Returns ms on a clock that goes as fast as that of the engine. */
  now(): number;
  /** Lets this time pass, in ms. With 0, what is under way may settle. */
  wait(ms: number): Promise<void>;
  /** Lets the engine forget everything, as when a server starts again empty. */
  forget(): Promise<void>;
}

/** A case. It needs no test framework: it fails by rejecting. */
export interface EngineCase {
  /** What an engine does, as a sentence. */
  readonly title: string;
  readonly run: (context: EngineContext) => Promise<void>;
}
