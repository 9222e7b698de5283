import { describe, expect, it } from '@jest/globals';
import { StoreVersionError } from '../../../core/errors.js';
import { checkVersion, exposureOf, readHello, readInfo, vulnerabilitiesOf, type ServerFacts } from './server-facts.js';

const server = (name: ServerFacts['name'], version: string): ServerFacts => ({ ...readInfo(''), name, version });

describe('readInfo', () => {
  it('parses Redis', () => {
    const info = [
      '# Server',
      'redis_version:7.2.4',
      '# Memory',
      'maxmemory:1048576',
      'maxmemory_policy:allkeys-lru',
      '# Persistence',
      'loading:0',
      'async_loading:0',
      'aof_enabled:1',
      '# Replication',
      'role:master',
      '',
    ].join('\r\n');
    expect(readInfo(info)).toEqual({
      name: 'Redis',
      version: '7.2.4',
      isPrimary: true,
      isLoading: false,
      maxMemory: 1_048_576,
      evictionPolicy: 'allkeys-lru',
      hasAppendOnlyFile: true,
    });
  });

  it('recognizes Valkey, which also reports a version of Redis', () => {
    const facts = readInfo(
      'redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.1.0\r\nrole:slave\r\nloading:1',
    );
    expect(facts).toMatchObject({ name: 'Valkey', version: '8.1.0', isPrimary: false, isLoading: true });
  });

  it('leaves missing values undefined', () => {
    expect(readInfo('redis_version:7.0.0\r\n')).toMatchObject({
      isPrimary: true,
      maxMemory: null,
      evictionPolicy: null,
      hasAppendOnlyFile: null,
    });
  });
});

describe('readHello', () => {
  it('parses the reply to HELLO', () => {
    const hello = ['server', 'redis', 'version', '7.4.1', 'proto', 3, 'id', 5, 'mode', 'standalone', 'role', 'replica'];
    expect(readHello(hello)).toMatchObject({ name: 'Redis', version: '7.4.1', isPrimary: false });
    expect(readHello(['server', 'valkey', 'version', '8.0.0'])).toMatchObject({ name: 'Valkey', version: '8.0.0' });
    expect(readHello(null)).toMatchObject({ name: 'Redis', version: 'unknown' });
  });
});

describe('checkVersion', () => {
  it.each([
    ['Redis', '7.0.0'],
    ['Redis', '7.0.15'],
    ['Redis', '10.0.0'],
    ['Valkey', '7.2.0'],
    ['Valkey', '9.0.1'],
  ] as const)('accepts %s %s', (name, version) => {
    expect(() => checkVersion(server(name, version))).not.toThrow();
  });

  it.each([
    ['Redis', '6.2.20'],
    ['Redis', '2.8'],
    ['Redis', 'unknown'],
    ['Valkey', '7.1.9'],
  ] as const)('refuses %s %s', (name, version) => {
    expect(() => checkVersion(server(name, version))).toThrow(StoreVersionError);
    expect(() => checkVersion(server(name, version))).toThrow(`${name} ${version}`);
  });
});

describe('vulnerabilitiesOf', () => {
  it.each([
    ['Redis', '7.0.15', ['CVE-2025-49844']],
    ['Redis', '7.2.10', ['CVE-2025-49844', 'CVE-2026-23479']],
    ['Redis', '7.2.11', ['CVE-2026-23479']],
    ['Redis', '8.2.1', ['CVE-2025-49844', 'CVE-2026-23479']],
    ['Redis', '8.4.0', ['CVE-2026-23479']],
    ['Redis', '8.6.3', []],
    ['Redis', '8.10.0', []],
    ['Valkey', '8.0.6', ['CVE-2026-21863']],
    ['Valkey', '8.0.7', []],
    ['Valkey', '9.0.1', ['CVE-2026-21863', 'CVE-2026-27623']],
    ['Valkey', '9.0.3', []],
    ['Valkey', '9.1.0', []],
  ] as const)('%s %s', (name, version, ids) => {
    expect(vulnerabilitiesOf(server(name, version))).toEqual(ids);
  });
});

describe('exposureOf', () => {
  it.each(['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', undefined])('is none at %s', (address) => {
    expect(exposureOf(address, false, false)).toBeNull();
  });

  it('names what is missing elsewhere', () => {
    expect(exposureOf('10.0.0.1', false, false)).toContain('without a password and TLS');
    expect(exposureOf('10.0.0.1', true, false)).toContain('without TLS');
    expect(exposureOf('::ffff:10.0.0.1', false, true)).toContain('without a password:');
    expect(exposureOf('10.0.0.1', true, true)).toBeNull();
  });
});
