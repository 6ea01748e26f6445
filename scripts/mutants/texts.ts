/** What Stryker leaves alone: words for people, in reasons, errors and logs. A test that pins them restates them. */
import { PluginKind, declareValuePlugin } from '@stryker-mutator/api/plugin';

interface Node {
  readonly type: string;
  readonly callee?: { readonly name?: string; readonly object?: { readonly name?: string; readonly property?: { readonly name?: string } } };
  readonly arguments?: readonly unknown[];
  readonly key?: { readonly name?: string };
}

interface Path {
  readonly node: Node;
  readonly parentPath?: Path | null;
}

const isText = ({ type }: Node): boolean => type === 'StringLiteral' || type === 'TemplateLiteral';

function isForPeople(text: Node, parent: Node): boolean {
  const { callee, key, arguments: all = [] } = parent;
  if (parent.type === 'ObjectProperty') return key?.name === 'reason';
  if (parent.type === 'NewExpression') return callee?.name === 'GatewayError' ? all.indexOf(text) === 1 : callee?.name?.endsWith('Error') === true;
  return parent.type === 'CallExpression' && [callee?.object?.name, callee?.object?.property?.name].includes('logger');
}

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'texts', {
    shouldIgnore(path) {
      const { node, parentPath } = path as unknown as Path;
      return isText(node) && parentPath && isForPeople(node, parentPath.node) ? 'words for people' : undefined;
    },
  }),
];
