import type { Redis, Cluster } from 'ioredis';
import { StoreAccessError } from '../../../core/errors.js';

/** A key and a channel of the store, for which its rights are checked. */
export interface RightsProbe {
  key: string;
  channel: string;
}

/** Commands outside of scripts. */
const OWN = ['evalsha', 'eval', 'ping'];
const CALL = /\bp?call\(\s*(['"])([a-z]+)\1/gi;

/** Checks each command in a script, which needs no right to the ACL commands. */
const ASK = `#!lua flags=no-writes
local check = redis.acl_check_cmd
-- Redis 8 does not check a command with a wrong number of arguments.
local function isAllowed(name, target)
  local known, allowed = pcall(check, name, target, target, target)
  if not known then known, allowed = pcall(check, name, target, target) end
  if not known then known, allowed = pcall(check, name, target) end
  if not known then known, allowed = pcall(check, name) end
  return known and allowed
end
local missing = {}
local ofChannels = { publish = true, spublish = true, subscribe = true, ssubscribe = true }
for i = 2, #ARGV do
  local target = ofChannels[ARGV[i]] and ARGV[1] or KEYS[1]
  if not isAllowed(ARGV[i], target) then missing[#missing + 1] = ARGV[i] end
end
return missing`;

/** The commands that Lua sources call. */
export function commandsOf(text: string): string[] {
  return [...new Set(Array.from(text.matchAll(CALL), ([, , name]) => name!.toLowerCase()))].sort();
}

/**
 * Checks the rights of the user.
 * @throws StoreAccessError naming what is missing
 */
export async function checkRights(
  client: Redis | Cluster,
  library: string,
  probe: RightsProbe,
  sharded: boolean,
): Promise<void> {
  // The call context tells scripts which of the two to use.
  const messages = sharded ? ['ssubscribe', 'spublish'] : ['subscribe', 'publish'];
  const commands = [...OWN, ...messages, ...commandsOf(library)];
  const missing = await ask(client, probe, commands);
  if (missing.length === 0) return;
  const names = missing.map((name) => name.toUpperCase());
  throw new StoreAccessError(
    `the user may not run ${names.join(', ')} on keys like '${probe.key}' and channels like '${probe.channel}'`,
    names,
  );
}

async function ask(client: Redis | Cluster, { key, channel }: RightsProbe, commands: string[]): Promise<string[]> {
  try {
    return (await client.eval(ASK, 1, key, channel, ...commands)) as string[];
  } catch (error) {
    const { message } = error as Error;
    if (!message.startsWith('NOPERM')) throw error;
    if (!/\bkeys?\b/.test(message)) return ['eval'];
    throw new StoreAccessError(`the user may not use keys like '${key}'`);
  }
}
