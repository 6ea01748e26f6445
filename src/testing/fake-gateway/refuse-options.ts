/** The options of `FakeGateway.refuse()`. */

/** Which new connections `FakeGateway.refuse()` rejects, and how. */
export interface RefuseOptions {
  /**
   * Whether connections to the main URL are rejected.
   * @defaultValue `true` if neither `main` nor `resume` is given, otherwise `false`
   */
  main?: boolean;
  /**
   * Whether connections to the resume URL are rejected.
   * @defaultValue `true` if neither `main` nor `resume` is given, otherwise `false`
   */
  resume?: boolean;
  /**
   * The HTTP status of the answer; 0 drops the TCP connection without an answer.
   * @defaultValue 520
   */
  status?: number;
}
