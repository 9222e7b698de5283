import type { QueryShape } from './query.pipe.js';
import type { ConsoleRoute } from './routes.js';
import type { Field, Shape } from './shape.js';

type Json = Record<string, unknown>;

const PROBLEM = {
  description: 'Problem details (RFC 9457).',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};
const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'code', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', description: 'Stable code of the error.' },
    detail: { type: 'string', description: 'For people.' },
    path: { type: 'string', description: 'The invalid field.' },
    requestId: { type: 'string' },
  },
};

/**
 * The OpenAPI 3.1 document of routes. Its bodies and queries are the shapes that requests are checked against.
 * @param path of the console
 */
export function openApiOf(routes: readonly ConsoleRoute[], path: string): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const at = path + route.path.replaceAll(/:(\w+)/g, '{$1}');
    (paths[at] ??= {})[route.method.toLowerCase()] = operationOf(route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Scheduler console', version: '1' },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: PROBLEM_SCHEMA },
    },
  };
}

function operationOf({ id, summary, role, path, query, headers = {}, body, status = 200 }: ConsoleRoute): Json {
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })),
    ...Object.entries(query ?? {}).map(([name, kind]) => ({ name, in: 'query', schema: querySchema(kind) })),
    ...Object.entries(headers).map(([name, description]) => ({
      name,
      in: 'header',
      description,
      schema: { type: 'string' },
    })),
  ];
  return {
    operationId: id,
    summary,
    description: `Role: ${role}.`,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { content: { 'application/json': { schema: objectSchema(body) } } } } : {}),
    responses: { [status]: { description: 'Done.' }, default: PROBLEM },
  };
}

function querySchema(kind: QueryShape[string]): Json {
  return kind === 'text' ? { type: 'string' } : { type: 'integer', minimum: kind[0], maximum: kind[1] };
}

function objectSchema(shape: Shape): Json {
  const required = Object.keys(shape).filter((key) => shape[key]!.required);
  return {
    type: 'object',
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
    properties: Object.fromEntries(Object.entries(shape).map(([key, field]) => [key, fieldSchema(field)])),
  };
}

function fieldSchema({ type, about }: Field): Json {
  const types = [type].flat();
  return {
    ...(types.includes('any') ? {} : { type: types.length === 1 ? types[0] : types }),
    ...(about === undefined ? {} : { description: about }),
  };
}
