/** What a publisher stores in one call: a session that begins, dispatches of one session, or the end of a session. */
import type { Session } from '../../session/session.ts';
import type { PublishedDispatch } from '../ports/session-journal.ts';

/** More than this is split: a step blocks the engine for all other shards. */
const MAX_ENTRIES = 512;
const MAX_BYTES = 1_048_576;

export type PublishStepKind = 'open' | 'commit' | 'clear';

export class PublishStep {
  readonly kind: PublishStepKind;
  readonly session: Session;
  readonly entries: PublishedDispatch[] = [];
  /** The last sequence of the step. */
  sequence: number;
  /** The session with its changed fields, to be stored too. */
  changed: Session | null = null;
  /** The size of the entries, as far as they count in the budget. */
  bytes = 0;
  /** It may be stored already, so nothing is added. */
  isSent = false;
  /** Its entries are remembered already. */
  readonly isRepeated: boolean;
  readonly createdAt: number;

  constructor(kind: PublishStepKind, session: Session, options: { sequence: number; now: number; repeated?: boolean }) {
    this.kind = kind;
    this.session = session;
    this.sequence = options.sequence;
    this.createdAt = options.now;
    this.isRepeated = options.repeated ?? false;
  }

  /** Whether it only moves the sequence, which may wait. */
  get isAdvance(): boolean {
    return this.kind === 'commit' && this.entries.length === 0 && this.changed === null;
  }

  /** The sequence before its first dispatch. */
  get base(): number {
    return (this.entries[0]?.sequence ?? this.sequence + 1) - 1;
  }

  /** Whether a dispatch of this session may be added. */
  takes(sessionId: string): boolean {
    return (
      this.kind === 'commit' &&
      !this.isSent &&
      this.session.sessionId === sessionId &&
      this.entries.length < MAX_ENTRIES &&
      this.bytes < MAX_BYTES
    );
  }
}
