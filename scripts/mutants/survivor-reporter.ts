/** Translates Stryker's results, and prints each survivor at once, before a long run ends. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { PluginKind, declareValuePlugin } from '@stryker-mutator/api/plugin';
import type { MutantResult } from '@stryker-mutator/api/core';
import { ROOT } from '../run.ts';
import type { Verdict } from './mutant.ts';

/** An error outside of the tests counts like a failing test. */
export const VERDICTS: Partial<Record<MutantResult['status'], Verdict>> = {
  Killed: 'killed',
  RuntimeError: 'killed',
  Timeout: 'timeout',
  Survived: 'survived',
  NoCoverage: 'survived',
};

const MAX_LENGTH = 64;
const shortened = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH)}…` : line;
};

/** Lines and columns count from 1. */
function textAt(file: string, { start, end }: MutantResult['location']): string {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line);
  return lines
    .map((line, index) =>
      line.slice(index === 0 ? start.column - 1 : 0, index === lines.length - 1 ? end.column - 1 : undefined),
    )
    .join('\n');
}

/** Returns the code before and after the mutation. */
export const changeOf = ({ fileName, location, replacement }: Readonly<MutantResult>): string =>
  `${shortened(textAt(fileName, location))} → ${shortened(replacement)}`;

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Reporter, 'survivors', {
    onMutantTested(result: Readonly<MutantResult>) {
      if (VERDICTS[result.status] !== 'survived') return;
      console.log(`survived: ${relative(ROOT, result.fileName)}:${result.location.start.line}: ${changeOf(result)}`);
    },
  }),
];
