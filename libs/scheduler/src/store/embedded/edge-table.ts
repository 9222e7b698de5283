import { StoreDamagedError } from '../../core/errors.js';
import type { TaskStatus } from '../../core/status.js';
import type { Edge, Row } from '../maps/rows.js';
import { checksum } from './checksum.js';
import { encodeEdge, type EdgeRecord } from './codec.js';
import type { Database } from './database.js';
import { decodeEdge } from './decode.js';

interface EdgeColumns {
  number: number;
  place: number;
  body: string;
  checksum: number;
}

/** Edges on disk, one row each, so the end of an execution only writes the edges that it decides. */
export class EdgeTable {
  /** The status of the upstream in the stored edge; absent: the edge is not stored. */
  private readonly written = new WeakMap<Edge, TaskStatus | null>();
  private readonly insert;
  private readonly remove;
  private readonly select;

  constructor(private readonly database: Database) {
    this.insert = database.prepare('INSERT OR REPLACE INTO edge (number, place, body, checksum) VALUES (?, ?, ?, ?)');
    this.remove = database.prepare('DELETE FROM edge WHERE number = ?');
    this.select = database.prepare('SELECT number, place, body, checksum FROM edge WHERE number = ? ORDER BY place');
  }

  put(edge: Edge): void {
    const { order } = edge.dependent;
    const body = JSON.stringify(encodeEdge(edge));
    this.insert.run(order, edge.order, body, checksum(`${order} ${edge.order}`, body));
    this.written.set(edge, edge.upstream?.status ?? null);
  }

  /** Writes the edges of an evicted execution whose stored record does not have the final status of the upstream. */
  complete(row: Row): void {
    for (const edge of row.extra?.edges ?? [])
      if (this.written.get(edge) !== (edge.upstream?.status ?? null)) this.put(edge);
  }

  /** @param number of the dropped execution */
  drop(number: number): void {
    this.remove.run(number);
  }

  /** The edges of an execution, in their order. @throws StoreDamagedError unless there are `count` */
  of(number: number, count: number): EdgeRecord[] {
    const found = this.database.rows<EdgeColumns>(this.select, number);
    if (found.length !== count)
      throw new StoreDamagedError(this.database.path, `execution ${number} has ${found.length} of ${count} edges`);
    return found.map(({ place, body, checksum }) => {
      this.database.verify(`edge ${place} of execution ${number}`, checksum, `${number} ${place}`, body);
      return decodeEdge(body);
    });
  }

  /** Remembers the upstream status in the record of an edge that was read from disk. */
  read(edge: Edge, status: TaskStatus | null): void {
    this.written.set(edge, status);
  }
}
