/** The counters of Redis at one instant; the difference of two is the cost of what happened between them. */
export interface RedisSample {
  /** CPU of the server and its children (rewrites of the append-only file), in µs. */
  cpuUs: number;
  /** Scripts called. */
  scripts: number;
  /** Commands executed, those inside scripts too. */
  commands: number;
  /** Reads from sockets: a pipeline that arrives at once counts as one, so this is the round trips at most. */
  reads: number;
  /** Bytes over the sockets, in and out. */
  wireBytes: number;
  /** Bytes used, without the buffers of connections. */
  memory: number;
}

/** Cost of one job each. */
export interface RedisCost {
  redisUs: number;
  scripts: number;
  commands: number;
  reads: number;
  wireBytes: number;
}

const SCRIPT_COMMANDS = ['evalsha', 'eval', 'evalsha_ro', 'eval_ro', 'fcall', 'fcall_ro'];

/** Whether this command calls a script or a function. */
export function isScript(command: string): boolean {
  return SCRIPT_COMMANDS.includes(command.toLowerCase());
}

export function parseInfo(text: string): Map<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

/** @param text the reply to INFO ALL */
export function sampleOf(text: string): RedisSample {
  const info = parseInfo(text);
  const number = (name: string): number => {
    const value = Number(info.get(name));
    if (!Number.isFinite(value)) throw new Error(`INFO has no number ${name}`);
    return value;
  };
  const cpu = ['used_cpu_user', 'used_cpu_sys', 'used_cpu_user_children', 'used_cpu_sys_children'];
  const calls = new Map(
    [...info]
      .filter(([name]) => name.startsWith('cmdstat_'))
      .map(([name, stats]) => [name.slice('cmdstat_'.length), Number(/calls=(\d+)/.exec(stats)?.[1])]),
  );
  const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
  return {
    cpuUs: sum(cpu.map(number)) * 1e6,
    scripts: sum(SCRIPT_COMMANDS.map((name) => calls.get(name) ?? 0)),
    commands: sum(calls.values()) - (calls.get('info') ?? 0),
    reads: number('total_reads_processed'),
    wireBytes: number('total_net_input_bytes') + number('total_net_output_bytes'),
    memory: number('used_memory') - number('mem_clients_normal'),
  };
}

export function costPerJob(before: RedisSample, after: RedisSample, jobs: number): RedisCost {
  return {
    redisUs: (after.cpuUs - before.cpuUs) / jobs,
    scripts: (after.scripts - before.scripts) / jobs,
    commands: (after.commands - before.commands) / jobs,
    reads: (after.reads - before.reads) / jobs,
    wireBytes: (after.wireBytes - before.wireBytes) / jobs,
  };
}
