/** Makes Stryker ignore texts for people in reasons, errors and logs. A test for such a text would only repeat it. */
import { PluginKind, declareValuePlugin } from '@stryker-mutator/api/plugin';

interface Callee {
  readonly type?: string;
  readonly name?: string;
  readonly object?: { readonly name?: string; readonly property?: { readonly name?: string } };
  readonly property?: { readonly name?: string };
}

interface Node {
  readonly type: string;
  readonly callee?: Callee;
  readonly arguments?: readonly unknown[];
  readonly key?: { readonly name?: string };
}

interface Path {
  readonly node: Node;
  readonly parentPath?: Path | null;
}

/** Functions whose argument is the message of an error. */
const MESSAGE_FUNCTIONS = ['abortedError', 'fail'];

const isText = ({ type }: Node): boolean => type === 'StringLiteral' || type === 'TemplateLiteral';

const takesMessage = ({ type, name, object, property }: Callee): boolean =>
  type === 'Super' ||
  MESSAGE_FUNCTIONS.includes(name ?? property?.name ?? '') ||
  [object?.name, object?.property?.name].includes('logger');

function isMessage(text: Node, parent: Node): boolean {
  const { callee, key, arguments: all = [] } = parent;
  if (parent.type === 'ObjectProperty') return key?.name === 'reason';
  if (parent.type === 'NewExpression')
    return callee?.name === 'GatewayError' ? all.indexOf(text) === 1 : callee?.name?.endsWith('Error') === true;
  return parent.type === 'CallExpression' && callee !== undefined && takesMessage(callee);
}

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Ignore, 'messages', {
    shouldIgnore(path) {
      const { node, parentPath } = path as unknown as Path;
      return isText(node) && parentPath && isMessage(node, parentPath.node) ? 'text for people' : undefined;
    },
  }),
];
