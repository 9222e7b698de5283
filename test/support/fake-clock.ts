import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LIBFAKETIME } from './libfaketime.js';

const MACHINES = ['x86_64', 'aarch64'].map((machine) => `${machine}-linux-gnu`);
/** Its `malloc` must come first where a program brings another, which reads the clock before libfaketime is ready. */
const LIBC = MACHINES.map((machine) => `/lib/${machine}/libc.so.6`).find(existsSync);

/** Whether clocks of processes can be set here: libfaketime is installed. */
export const CAN_FAKE_CLOCKS = LIBFAKETIME !== undefined && LIBC !== undefined;

/** The wall clock of processes that are started with `env`, which is this far from the machine's. */
export class FakeClock {
  private readonly dir = mkdtempSync(join(tmpdir(), 'fake-clock-'));
  private readonly file = join(this.dir, 'offset');
  /** s */
  offset = 0;

  constructor() {
    this.set(0);
  }

  get env(): Record<string, string> {
    return {
      LD_PRELOAD: `${LIBFAKETIME}:${LIBC}`,
      FAKETIME_TIMESTAMP_FILE: this.file,
      // s, after which a process reads the file again.
      FAKETIME_CACHE_DURATION: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    };
  }

  /** Processes that run see it within two seconds. @param offset s */
  set(offset: number): void {
    this.offset = offset;
    writeFileSync(this.file, `${offset < 0 ? '' : '+'}${offset}\n`);
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
