import { parseArgs } from 'node:util';

/** Exit code of a command with wrong arguments, as sysexits.h has it. */
const USAGE = 64;

/** The command line of the service has an argument that it does not know. */
export class ArgumentError extends Error {
  readonly exitCode = USAGE;
}

/** @param args of the command line @throws ArgumentError */
export function parseArguments(args: readonly string[]): { demo: boolean } {
  try {
    const { values } = parseArgs({ args: [...args], options: { demo: { type: 'boolean', default: false } } });
    return { demo: values.demo };
  } catch {
    throw new ArgumentError(`arguments: ${args.join(' ')}; allowed: none, or --demo for live work in the dashboard`);
  }
}
