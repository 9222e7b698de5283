import { appendFileSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';

/** What keeps a process alive and must be gone when a suite has ended. Not sockets: HTTP keep-alive ends by itself. */
const WATCHED = ['Timeout', 'TCPServerWrap', 'ProcessWrap', 'FSEventWrap', 'Worker'];
const GRACE_MS = 3_000;
const LOOK_EVERY_MS = 20;

/** A suite that leaves a timer, a server, a child process or a watcher behind fails, and is named. */
export default class LeakCheckingEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.globalTimeout = config.globalConfig.testTimeout;
    this.projectTimeout = config.projectConfig.testEnvironmentOptions.timeout;
    this.suite = context.testPath;
    this.cpuBefore = cpuSeconds();
  }

  async teardown() {
    const file = process.env['SUITE_CPU'];
    if (file) appendFileSync(file, `${(cpuSeconds() - this.cpuBefore).toFixed(1)} ${this.suite}\n`);
    await super.teardown();
  }

  async handleTestEvent(event, state) {
    if (event.name === 'setup') {
      this.before = count();
      // jest reads testTimeout from the command line only, not from a project.
      state.testTimeout = this.globalTimeout ?? this.projectTimeout ?? state.testTimeout;
    }
    if (event.name !== 'run_finish') return;
    const leaked = await this.#leftOver();
    if (leaked.length > 0)
      state.unhandledErrors.push(
        new Error(
          `left open: ${leaked.join(', ')}; close what the suite starts (app.close(), clearTimeout, server.close())`,
        ),
      );
  }

  async #leftOver() {
    const until = performance.now() + GRACE_MS;
    let leaked = this.#excess();
    while (leaked.length > 0 && performance.now() < until) {
      // Its own wait is a Timeout too, but it has fired by the time the count is taken.
      await sleep(LOOK_EVERY_MS);
      leaked = this.#excess();
    }
    return leaked;
  }

  #excess() {
    const now = count();
    return WATCHED.filter((type) => (now.get(type) ?? 0) > (this.before.get(type) ?? 0)).map(
      (type) => `${now.get(type) - (this.before.get(type) ?? 0)} ${type}`,
    );
  }
}

function count() {
  const counts = new Map();
  for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

/** Of this process and of the children that have ended. */
function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6 + childSeconds();
}

function childSeconds() {
  if (process.platform !== 'linux') return 0;
  // From the third field on, after the name in brackets; in hundredths of a second.
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ').at(-1).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}
