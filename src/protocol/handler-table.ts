/** Calls the handler for a message of a discriminated union. The one place with the cast that such a table needs. */
type HandlerTable<Key extends string, Message extends Readonly<Record<Key, PropertyKey>>, Context> = {
  readonly [Value in Message[Key]]: (message: Extract<Message, Readonly<Record<Key, Value>>>, context: Context) => void;
};

type Handler<Message, Context> = (message: Message, context: Context) => void;

/**
 * Returns a function that passes a message to the handler of its `type`. A handler that is missing is a type error.
 * `context` is handed through, so that a class can keep one static table for all its instances.
 */
export const handlerByType =
  <Message extends { readonly type: PropertyKey }, Context = void>(
    handlers: HandlerTable<'type', Message, Context>,
  ): Handler<Message, Context> =>
  (message, context) =>
    (handlers[message.type as Message['type']] as Handler<Message, Context>)(message, context);

/** Returns a function that passes a message to the handler of its `kind`, as {@link handlerByType} does for `type`. */
export const handlerByKind =
  <Message extends { readonly kind: PropertyKey }, Context = void>(
    handlers: HandlerTable<'kind', Message, Context>,
  ): Handler<Message, Context> =>
  (message, context) =>
    (handlers[message.kind as Message['kind']] as Handler<Message, Context>)(message, context);
