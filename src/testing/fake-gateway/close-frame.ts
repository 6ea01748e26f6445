/** A close frame. `code` is 1005 when the frame carried none. */
export interface CloseFrame {
  readonly code: number;
  readonly reason: string;
}
