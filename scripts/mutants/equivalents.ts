/**
 * Mutants that change nothing anybody could notice: id → why. They are counted apart; one that is killed after all,
 * or that is not there any more, is reported.
 */
export const EQUIVALENTS: Readonly<Record<string, string>> = {};
