/**
 * A real Chromium for the tests of the dashboard: finds one, else installs Debian's or Homebrew's.
 *
 *   node scripts/ensure-chromium.mjs      prints the path of the browser, or says what to do and exits 1
 *
 * CHROMIUM_BIN names the program to use; CHROMIUM_NO_INSTALL=1 forbids the install.
 */
import { ensure, find, runIfMain, toStderr } from './find-program.mjs';

/** @type {import('./find-program.mjs').Program} */
const CHROMIUM = {
  title: 'Chromium',
  variable: 'CHROMIUM_BIN',
  noInstall: 'CHROMIUM_NO_INSTALL',
  names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'],
  folders: ['/usr/bin', '/usr/local/bin', '/opt/google/chrome', '/opt/homebrew/bin', '/snap/bin'],
  paths: [
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  ],
  patience: 20_000,
  unfit: (version) => (/Chrom(e|ium)/.test(version) ? null : 'is no Chromium'),
  none: 'no chromium found',
  apt: 'chromium',
  brew: ['--cask', 'chromium'],
  help: `Tests of the dashboard need Chromium. Either
  - install it: "apt-get install chromium" (Debian), "brew install --cask chromium" (macOS), or
  - name the program: CHROMIUM_BIN=/path/to/chromium npm test`,
};

/**
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {{ path: string } | { problem: string }} a browser that runs, or why there is none
 */
export function findChromium(env = process.env) {
  return find(CHROMIUM, env);
}

/**
 * @returns {string} the path of the browser, installed if need be
 * @throws {Error} that says what to do
 */
export function ensureChromium(env = process.env, say = toStderr) {
  return ensure(CHROMIUM, env, say);
}

runIfMain(import.meta.url, ensureChromium);
