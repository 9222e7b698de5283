import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether an address is of this machine only. What is no address (a Unix socket has none) is. */
export function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  const family = isIP(plain);
  return family === 0 ? plain === '' : loopback.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}
