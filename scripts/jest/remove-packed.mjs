import { rmSync } from 'node:fs';
import { dirname } from 'node:path';

export default function removePacked() {
  rmSync(dirname(process.env['PACKED_LIBRARY']), { recursive: true, force: true });
}
