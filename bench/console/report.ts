import { median } from '../statistics.js';
import type { LoadFigures } from './load.js';
import type { StoreName } from './options.js';
import type { ClientReport } from './protocol.js';

/** 99 of 100 answers come sooner, ms. */
const P99_BAR = 50;
/** Share of the machine beyond which others widen the latencies. */
const FOREIGN = 0.1;

export interface StoreFigures {
  store: StoreName;
  http: Omit<LoadFigures, 'scheduled'>;
  /** Those that ran: the ones at the start, and those that requests scheduled. */
  executions: number;
  /** From the first to the end of the last. */
  seconds: number;
  /** CPU of the process of the app, 1 is one core. */
  appCpu: number;
  /** Share of the machine that others took meanwhile, 0 to 1. */
  foreign: number;
  clients: ClientReport[];
}

/** What is below a bar, for people: of latencies the median of the rounds counts. */
export function failuresOf(figures: readonly StoreFigures[]): string[] {
  const stores = [...new Set(figures.map(({ store }) => store))];
  const slow = stores.flatMap((store) => {
    const p99 = median(figures.filter((each) => each.store === store).map(({ http }) => http.p99));
    return p99 < P99_BAR ? [] : [`${store}: p99 ${p99} ms; the bar: under ${P99_BAR} ms`];
  });
  const wrong = figures.flatMap(({ store, http, clients }) => {
    const { neither, lost } = countClients(clients);
    return [
      ...(http.errors + http.non2xx === 0 ? [] : [`${http.errors} errors, ${http.non2xx} answers other than 2xx`]),
      ...(neither + lost === 0 ? [] : [`${neither} live clients missed ends without a resync, ${lost} were dropped`]),
    ].map((failure) => `${store}: ${failure}`);
  });
  return [...slow, ...wrong];
}

export function printReport(heading: string, figures: readonly StoreFigures[]): void {
  console.log(heading);
  console.table(
    figures.map(({ store, http, executions, seconds, appCpu, foreign, clients }) => {
      const { complete, resynced, neither } = countClients(clients);
      return {
        store,
        requests: http.requests,
        'p50 ms': http.p50,
        'p99 ms': http.p99,
        'max ms': http.max,
        errors: http.errors,
        'non-2xx': http.non2xx,
        executions,
        'executions/s': Math.round(executions / seconds),
        'CPU of the app': percent(appCpu),
        'CPU of others': percent(foreign),
        'clients: every end': complete,
        resync: resynced,
        neither: neither,
      };
    }),
  );
  if (figures.some(({ foreign }) => foreign > FOREIGN))
    console.log(`Others took over ${percent(FOREIGN)} of the machine: its latencies are theirs too.`);
  const failures = failuresOf(figures);
  console.log(
    failures.length === 0 ? 'Every bar is met.' : `NOT MET:\n${failures.map((each) => `  ${each}`).join('\n')}`,
  );
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function countClients(clients: readonly ClientReport[]) {
  const complete = clients.filter(({ missing }) => missing === 0).length;
  const resynced = clients.filter(({ missing, resyncs }) => missing > 0 && resyncs.length > 0).length;
  const lost = clients.filter((client) => client.lost).length;
  return { complete, resynced, neither: clients.length - complete - resynced, lost };
}
