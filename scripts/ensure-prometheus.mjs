/**
 * A real Prometheus for the tests of /metrics, with its promtool: finds them, else installs Debian's or Homebrew's.
 *
 *   node scripts/ensure-prometheus.mjs      prints the paths of both, or says what to do and exits 1
 *
 * PROMETHEUS_BIN and PROMTOOL_BIN name the programs to use; PROMETHEUS_NO_INSTALL=1 forbids the install.
 */
import { ensure, runIfMain, toStderr } from './find-program.mjs';

/** @type {import('./find-program.mjs').Program} */
const PROMETHEUS = {
  title: 'Prometheus',
  variable: 'PROMETHEUS_BIN',
  noInstall: 'PROMETHEUS_NO_INSTALL',
  names: ['prometheus'],
  folders: ['/usr/bin', '/usr/local/bin', '/opt/prometheus', '/opt/homebrew/bin'],
  patience: 10_000,
  unfit: (version) => (version.startsWith('prometheus,') ? null : 'is no Prometheus'),
  none: 'no prometheus found',
  apt: 'prometheus',
  brew: ['prometheus'],
  help: `Some tests of /metrics need Prometheus and its promtool. Either
  - install them: "apt-get install prometheus" (Debian, Ubuntu), "brew install prometheus" (macOS), or
  - name the programs: PROMETHEUS_BIN=/path/to/prometheus PROMTOOL_BIN=/path/to/promtool npm test`,
};

/** @type {import('./find-program.mjs').Program} */
const PROMTOOL = {
  ...PROMETHEUS,
  variable: 'PROMTOOL_BIN',
  names: ['promtool'],
  unfit: (version) => (version.startsWith('promtool,') ? null : 'is no promtool'),
  none: 'no promtool found',
};

/**
 * @returns {{ prometheus: string, promtool: string }} their paths, installed if need be
 * @throws {Error} that says what to do
 */
export function ensurePrometheus(env = process.env, say = toStderr) {
  return { prometheus: ensure(PROMETHEUS, env, say), promtool: ensure(PROMTOOL, env, say) };
}

runIfMain(import.meta.url, () => Object.values(ensurePrometheus()).join('\n'));
