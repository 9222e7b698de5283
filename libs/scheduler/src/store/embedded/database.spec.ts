import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from './database.js';
import { MIGRATIONS } from './schema.js';
import { loadSqlite } from './sqlite.js';

describe('the schema of a file', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'schema-'));
    path = join(folder, 'scheduler.db');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const NEXT = [...MIGRATIONS, 'ALTER TABLE live ADD COLUMN colour TEXT; UPDATE live SET colour = body;'];

  async function open(migrations?: readonly string[]): Promise<Database> {
    return Database.open(await loadSqlite(), path, migrations);
  }

  function version(database: Database): unknown {
    return database.prepare('PRAGMA user_version').get();
  }

  it('is created in one step, and migrated with its data', async () => {
    const old = await open();
    expect(version(old)).toMatchObject({ user_version: MIGRATIONS.length });
    old.exec("INSERT INTO live (number, body, checksum) VALUES (1, 'blue', 0)");
    old.close();
    const next = await open(NEXT);
    expect(version(next)).toMatchObject({ user_version: NEXT.length });
    expect(next.prepare('SELECT colour FROM live').all()).toMatchObject([{ colour: 'blue' }]);
    next.close();
    await expect(open()).rejects.toMatchObject({ code: 'STORE_VERSION' });
  });

  it('is unchanged if a step fails', async () => {
    (await open()).close();
    await expect(open([...NEXT, 'CREATE TABLE live (twice)'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    const same = await open();
    expect(version(same)).toMatchObject({ user_version: MIGRATIONS.length });
    expect(
      same.prepare("SELECT count(*) AS n FROM pragma_table_info('live') WHERE name = 'colour'").all(),
    ).toMatchObject([{ n: 0 }]);
    same.close();
  });
});
