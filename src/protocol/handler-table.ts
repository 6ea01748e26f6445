/**
 * Calls the handler for a message of a discriminated union. The one place with the cast that such a table needs.
 *
 * A value that has no handler is ignored. The types exclude it, but others share a thread's port: Node itself sends
 * messages there with `--watch`, and so may any module that a thread loads.
 */
type HandlerTable<Key extends string, Message extends Readonly<Record<Key, PropertyKey>>, Context> = {
  readonly [Value in Message[Key]]: (message: Extract<Message, Readonly<Record<Key, Value>>>, context: Context) => void;
};

type Handler<Message, Context> = (message: Message, context: Context) => void;

/** Returns the handler of a message, or `undefined` for a value that is not a message of this table. */
function handlerOf<Message, Context>(handlers: object, key: string, message: unknown) {
  if (typeof message !== 'object' || message === null) return undefined;
  const name = (message as Readonly<Record<string, PropertyKey>>)[key];
  if (name === undefined || !Object.hasOwn(handlers, name)) return undefined;
  return (handlers as Readonly<Record<PropertyKey, Handler<Message, Context>>>)[name];
}

/**
 * Returns a function that passes a message to the handler of its `type`. A handler that is missing is a type error.
 * `context` is handed through, so that a class can keep one static table for all its instances.
 */
export const handlerByType =
  <Message extends { readonly type: PropertyKey }, Context = void>(
    handlers: HandlerTable<'type', Message, Context>,
  ): Handler<Message, Context> =>
  (message, context) =>
    handlerOf<Message, Context>(handlers, 'type', message)?.(message, context);

/** Returns a function that passes a message to the handler of its `kind`, as {@link handlerByType} does for `type`. */
export const handlerByKind =
  <Message extends { readonly kind: PropertyKey }, Context = void>(
    handlers: HandlerTable<'kind', Message, Context>,
  ): Handler<Message, Context> =>
  (message, context) =>
    handlerOf<Message, Context>(handlers, 'kind', message)?.(message, context);
