// Shorthand for hand-written paths in the form of openapi-typescript, until a domain's types are
// generated from the server's schema.
interface Params {
  query?: object;
  path?: object;
  header?: object;
}

type Body<In> = [In] extends [undefined]
  ? { requestBody?: never }
  : { requestBody: { content: { "application/json": In } } };

type Endpoint<Out, In, P extends Params> = Body<In> & {
  parameters: P;
  responses: {
    200: { content: { "application/json": Out } };
    default: { content: { "application/problem+json": unknown } };
  };
};

export interface Get<Out, P extends Params = Record<never, never>> {
  get: Endpoint<Out, undefined, P>;
}
export interface Post<Out, In = undefined, P extends Params = Record<never, never>> {
  post: Endpoint<Out, In, P>;
}
export interface Put<Out, In = undefined, P extends Params = Record<never, never>> {
  put: Endpoint<Out, In, P>;
}
export interface Patch<Out, In = undefined, P extends Params = Record<never, never>> {
  patch: Endpoint<Out, In, P>;
}
export interface Delete<Out, In = undefined, P extends Params = Record<never, never>> {
  delete: Endpoint<Out, In, P>;
}
