/**
 * A guild member; what is missing is made up.
 * @see https://discord.com/developers/docs/resources/guild#guild-member-object
 */
export interface FakeMember {
  readonly user: { readonly id: string; readonly username: string; readonly [field: string]: unknown };
  readonly nick?: string | null;
  readonly [field: string]: unknown;
}
