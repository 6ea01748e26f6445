/** Where a tunnel through a proxy leads. */
export interface TunnelTarget {
  /** As in a URL: an address of IPv6 is in brackets. */
  readonly host: string;
  readonly port: number;
}
