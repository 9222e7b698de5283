import { type From, TRANSITIONS, VERBS } from '../../libs/scheduler/src/core/state-machine.js';
import { isTerminal, TaskStatus } from '../../libs/scheduler/src/core/status.js';

const BEGIN =
  '<!-- Generated from TRANSITIONS, from here on. UPDATE_DOCS=1 npm test -- state-machine writes it anew. -->';
const END = '<!-- Generated up to here. -->';

interface Transition {
  verb: string;
  from: From;
  to: TaskStatus;
}

/** The document with its generated part rendered from the table. */
export function withGenerated(document: string): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`docs/state-machine.md lacks its markers: ${BEGIN} and ${END}`);
  return `${document.slice(0, begin)}${BEGIN}\n\n${diagram()}\n\n${table()}\n\n${document.slice(end)}`;
}

function transitions(): Transition[] {
  return VERBS.flatMap((verb) =>
    Object.entries<readonly TaskStatus[]>(TRANSITIONS[verb]).flatMap(([from, targets]) =>
      targets.map((to) => ({ verb, from: from as From, to })),
    ),
  );
}

/** One arrow for each pair of statuses, labelled with all verbs that lead along it. */
function diagram(): string {
  const arrows = new Map<string, string[]>();
  for (const { verb, from, to } of transitions()) {
    const arrow = `${from === 'NEW' ? '[*]' : from} --> ${to}`;
    arrows.set(arrow, [...(arrows.get(arrow) ?? []), verb]);
  }
  const lines = [...arrows].map(([arrow, verbs]) => `    ${arrow}: ${verbs.join(', ')}`);
  const ends = Object.values(TaskStatus).filter(isTerminal);
  return ['```mermaid', 'stateDiagram-v2', ...lines, ...ends.map((end) => `    ${end} --> [*]`), '```'].join('\n');
}

function table(): string {
  const rows = transitions().map(({ verb, from, to }) => [`\`${verb}\``, from === 'NEW' ? '(new)' : from, to]);
  const header = ['Verb', 'From', 'To'];
  const widths = header.map((_, column) => Math.max(...[header, ...rows].map((row) => row[column]!.length)));
  const line = (cells: string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  return [line(header), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
