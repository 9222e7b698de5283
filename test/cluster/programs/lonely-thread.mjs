/** A process with nothing left to do but a thread that beats, for renewal-thread.spec.ts. argv: index.js, url. */
const [library, url] = process.argv.slice(2);
const load = (path) => import(new URL(`store/redis/${path}`, library));
const { LeaseRenewer } = await load('lease-renewal/lease-renewer.js');
const { resolveRedisOptions } = await load('connection/redis-options.js');
const { scriptsFor } = await load('lua-scripts.js');

const scripts = scriptsFor(['renew']);
const frame = '|1000|1000|||3600000|PUBLISH|node';
const connection = resolveRedisOptions({ url });
const beats = new LeaseRenewer({ connection, library: scripts, root: '{lonely}:', frame, lease: 30 });
beats.keep('w');
