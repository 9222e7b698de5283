/** The import law of docs/architecture.md, executable. `npm run lint:imports` fails on a breach or a cycle. */
const lib = 'libs/scheduler/src';
const concerns = ['queue', 'dependency', 'lock', 'retry', 'cron', 'events', 'task'];
const stores = ['memory', 'embedded', 'redis'];
const forbid = (name, from, to, comment) => ({ name, severity: 'error', comment, from, to });

module.exports = {
  forbidden: [
    forbid('no-cycles', {}, { circular: true }, 'A cycle hides the direction of the data.'),
    forbid('core-is-pure', { path: `^${lib}/core/` }, { path: `^${lib}/(?!core/)` }, 'core imports nothing of ours.'),
    forbid(
      'class-validator-in-one-module',
      { path: '^libs/', pathNot: `^${lib}/core/(validators|class-validator-files\\.d)\\.ts$` },
      { path: '(^|/)node_modules/class-validator/' },
      'Its index takes longer to load than the library.',
    ),
    forbid(
      'class-validator-by-its-files',
      { path: `^${lib}/`, pathNot: `^${lib}/core/class-validator-files\\.d\\.ts$` },
      {
        path: '(^|/)node_modules/class-validator/',
        pathNot: '/class-validator/cjs/(?!index)',
        dependencyTypesNot: ['type-only'],
      },
    ),
    forbid(
      'engine-knows-core-only',
      { path: `^${lib}/engine/`, pathNot: '\\.spec\\.ts$' },
      { path: `^${lib}/(?!engine/|core/)` },
      'The engine does not know which store it runs on; it compiles to Lua.',
    ),
    forbid(
      'port-knows-core-only',
      { path: `^${lib}/store/[^/]+\\.ts$` },
      { path: `^${lib}/(?!core/|store/[^/]+\\.ts$)` },
    ),
    forbid(
      'store-knows-core-and-port',
      { path: `^${lib}/store/[^/]+/`, pathNot: '\\.spec\\.ts$' },
      { path: `^${lib}/(?!core/|engine/|store/)` },
    ),
    ...stores.map((store) =>
      forbid(
        `${store}-store-stands-alone`,
        { path: `^${lib}/store/${store}/`, pathNot: '\\.spec\\.ts$' },
        { path: `^${lib}/store/(?!${store}/|maps/)[^/]+/` },
        'Stores never import each other; those that hold their records in maps share store/maps.',
      ),
    ),
    forbid('maps-know-no-store', { path: `^${lib}/store/maps/` }, { path: `^${lib}/store/(?!maps/)[^/]+/` }),
    forbid('redis-holds-no-maps', { path: `^${lib}/store/redis/` }, { path: `^${lib}/store/maps/` }),
    forbid(
      'scheduler-chooses-the-store',
      { path: `^${lib}/(?!scheduler/|store/|testing/)`, pathNot: '\\.spec\\.ts$' },
      { path: `^${lib}/store/[^/]+/` },
      'All others know the port only.',
    ),
    ...concerns.map((c) =>
      forbid(
        `${c}-stands-alone`,
        { path: `^${lib}/${c}/`, pathNot: '\\.spec\\.ts$' },
        { path: `^${lib}/(?!core/|store/[^/]+\\.ts$|${c}/)` },
        'Concern modules never import each other.',
      ),
    ),
    forbid('health-reads-only', { path: `^${lib}/health/` }, { path: `^${lib}/(?!core/|store/[^/]+\\.ts$|health/)` }),
    forbid(
      'worker-below-scheduler',
      { path: `^${lib}/worker/` },
      { path: `^${lib}/(scheduler|maintenance|health|testing)/` },
    ),
    forbid(
      'maintenance-below-scheduler',
      { path: `^${lib}/maintenance/` },
      { path: `^${lib}/(scheduler|worker|health|testing)/` },
    ),
    forbid(
      'scheduler-is-on-top',
      { path: `^${lib}/(?!scheduler/|testing/|index\\.ts$)` },
      { path: `^${lib}/scheduler/` },
      'Only the scheduler wires the parts together.',
    ),
    forbid(
      'nobody-imports-testing',
      { path: `^${lib}/(?!testing/)`, pathNot: '\\.spec\\.ts$' },
      { path: `^${lib}/testing/` },
    ),
    forbid(
      'console-and-cli-use-the-public-index',
      { path: '^libs/scheduler-(console|cli)/src/' },
      { path: '^(src|test|bench)/|^libs/scheduler/src/(?!index\\.ts$)' },
      'They know what every app may know.',
    ),
    forbid(
      'app-uses-the-package-name',
      { path: '^(src|bench)/' },
      { path: '^libs/', pathNot: '^libs/[^/]+/src/(index|testing/index)\\.ts$' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    exclude: { path: '(^|/)dist/' },
  },
};
