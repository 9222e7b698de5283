import type { Subject, SubjectOptions } from './subject.js';

/** How each is opened. Its code is loaded only by a process that measures it. */
export const SUBJECTS = {
  ours: async () => (await import('./ours.js')).openOurs,
  bullmq: async () => (await import('./bullmq.js')).openBullMq,
  'bullmq-nest': async () => (await import('./bullmq-nest.js')).openBullMqInNest,
} satisfies Record<string, () => Promise<(options: SubjectOptions) => Promise<Subject>>>;

export type SubjectName = keyof typeof SUBJECTS;
