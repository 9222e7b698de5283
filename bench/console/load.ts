import autocannon from 'autocannon';
import { OPERATORS, TASK } from './protocol.js';

export interface LoadFigures {
  requests: number;
  /** ms; autocannon corrects them for requests that could not be sent in time. */
  p50: number;
  p99: number;
  max: number;
  /** Without an answer, those that timed out among them. */
  errors: number;
  non2xx: number;
  /** Executions that its requests have scheduled. */
  scheduled: string[];
}

/**
 * Sends what people and their dashboards ask, over a connection each. autocannon sends what is due in a second in one go,
 * so that as many requests as there are connections come at once.
 * @param ids of executions to look at
 */
export async function load(url: string, rate: number, seconds: number, ids: readonly string[]): Promise<LoadFigures> {
  const scheduled: string[] = [];
  let connection = 0;
  const result = await autocannon({
    url,
    connections: OPERATORS.length,
    overallRate: rate,
    duration: seconds,
    setupClient: (client) => {
      const { token } = OPERATORS[connection]!;
      const requests = mix(token, ids, (id) => scheduled.push(id));
      // So that they do not all ask the same at the same moment.
      const from = (7 * connection++) % requests.length;
      client.setRequests([...requests.slice(from), ...requests.slice(0, from)]);
    },
  });
  return {
    requests: result.requests.total,
    p50: result.latency.p50,
    p99: result.latency.p99,
    max: result.latency.max,
    errors: result.errors,
    non2xx: result.non2xx,
    scheduled,
  };
}

/** Reads of every kind, and one in ten schedules. */
function mix(token: string, ids: readonly string[], onScheduled: (id: string) => void): autocannon.Request[] {
  const headers = { authorization: `Bearer ${token}` };
  const get = (path: string): autocannon.Request => ({ method: 'GET', path, headers });
  const schedule: autocannon.Request = {
    method: 'POST',
    path: `/api/tasks/${TASK}/executions`,
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ payload: { n: 1 }, tags: ['from the API'] }),
    onResponse: (status, body) => {
      if (status === 201) onScheduled((JSON.parse(body) as { executionId: string }).executionId);
    },
  };
  const executions = ids.map((id) => get(`/api/executions/${id}`));
  return [
    get('/api/overview'),
    get('/api/executions?limit=50'),
    ...executions.slice(0, 2),
    get('/api/queues'),
    schedule,
    get('/api/executions?status=FAILED&limit=50'),
    get('/api/tasks'),
    ...executions.slice(2, 4),
    get('/api/workers'),
    get('/api/overview'),
    get('/api/executions?status=RUNNING,PENDING&limit=50'),
    get('/api/locks'),
    get('/api/schedules'),
    schedule,
    get('/api/workflows?limit=50'),
    get('/api/health/status'),
    get(`/api/executions?taskId=${TASK}&limit=50`),
    get('/metrics'),
  ];
}
