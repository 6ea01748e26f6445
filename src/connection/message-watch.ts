/** Notices messages whose handling blocks the event loop. */
export interface MessageWatch {
  /** How long the handling of one message may take, in ms. */
  readonly limitMs: number;
  /** Called before a message is handled. */
  startMessage(): void;
  /** Called after the handling of a message that took `limitMs` or longer. */
  endSlowMessage(startedAt: number, now: number): void;
}
