import { renderMermaidSVG } from 'beautiful-mermaid';
import { defineConfig } from 'vitepress';
import { page, pagesIn, reference, REPOSITORY, resolveLink } from './pages.mjs';

const guide = [
  'getting-started',
  'tasks',
  'scheduling',
  'dependencies',
  'locks',
  'retries',
  'cron',
  'timeouts',
  'status',
  'queues',
  'health',
  'configuration',
  'stores',
  'redis',
  'testing',
  'cli',
  'troubleshooting',
];
const recipes = [
  'transactional-outbox',
  'multi-tenant',
  'nightly-workflow',
  'testing',
  'zero-downtime-deploys',
  'history-sizes',
];
const pages = (folder, names) => names.map((name) => page(folder + name));
const sidebar = [
  { text: 'Guide', items: pages('guide/', guide) },
  { text: 'Recipes', items: pages('recipes/', recipes) },
  { text: 'Operations', items: pages('', ['operations', 'generated/console', 'metrics', 'security', 'http', 'live']) },
  {
    text: 'Reference',
    items: [
      ...pages('', ['errors', 'events']),
      { text: 'REST', link: '/console#routes' },
      ...['nestjs-advanced-scheduler', 'nestjs-advanced-scheduler/testing', 'nestjs-advanced-scheduler-console'].map(
        reference,
      ),
      ...pages('', ['generated/changelog', 'generated/upgrading']),
    ],
  },
  {
    text: 'Comparison',
    items: [page('guide/comparison'), ...pagesIn('coming-from'), page('benchmarks')],
  },
  {
    text: 'Internals',
    items: [
      ...pages('', ['architecture', 'state-machine', 'glossary', 'fast-paths', 'redis-keys', 'reliability']),
      { text: 'Decisions', collapsed: true, items: pagesIn('adr') },
      ...pages('', ['generated/contributing', 'generated/example-service']),
    ],
  },
];

/** Diagrams follow the theme, light or dark. */
const COLORS = { transparent: true, bg: 'var(--vp-c-bg)', fg: 'var(--vp-c-text-1)' };

export default defineConfig({
  title: 'Advanced Task Scheduler',
  description: 'Durable task scheduling for NestJS: priorities, dependency graphs, locks, retries and cron.',
  lang: 'en',
  cleanUrls: true,
  rewrites: { 'generated/:path*': ':path*' },
  head: [['style', {}, '.diagram svg { max-width: 100%; height: auto }']],
  markdown: {
    config(markdown) {
      const link = markdown.renderer.rules.link_open;
      markdown.renderer.rules.link_open = (tokens, index, options, env, self) => {
        const written = tokens[index].attrGet('href');
        const href = resolveLink(written, env.relativePath);
        if (href === null) return `<a title="${written.replace(/^(\.\.\/)+/, '')} in the repository">`;
        tokens[index].attrSet('href', href);
        return link(tokens, index, options, env, self);
      };
      const fence = markdown.renderer.rules.fence;
      markdown.renderer.rules.fence = (tokens, index, options, env, self) =>
        tokens[index].info.trim() === 'mermaid'
          ? `<div class="diagram" v-pre>${renderMermaidSVG(tokens[index].content, COLORS)}</div>`
          : fence(tokens, index, options, env, self);
    },
  },
  // The search index of all pages is one chunk.
  vite: { build: { chunkSizeWarningLimit: 2_000 } },
  themeConfig: {
    nav: [
      { text: 'Guide', link: '/guide/getting-started' },
      { text: 'Recipes', link: '/recipes/transactional-outbox' },
      { text: 'API', link: '/api/' },
      { text: 'Comparison', link: '/guide/comparison' },
    ],
    sidebar,
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: REPOSITORY === undefined ? [] : [{ icon: 'github', link: REPOSITORY }],
  },
});
