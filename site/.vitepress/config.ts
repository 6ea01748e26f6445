import { defineConfig } from 'vitepress';
import type { DefaultTheme } from 'vitepress';
import { slugOf } from '../../scripts/markdown.ts';
import { linkOf, readCatalogue } from '../catalogue.ts';
import { REPOSITORY, manifest } from '../repository.ts';
import { apiEntries, apiSidebars } from './api-sidebars.ts';

const { start, folders, project } = await readCatalogue();

const itemOf = (page: typeof start): DefaultTheme.SidebarItem => ({ text: page.title, link: linkOf(page) });
const firstPage = folders[0]?.pages[0] ?? start;

// The diamond of the inspector's page.
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath d='M8 1L15 8L8 15L1 8Z' fill='%233f63c6'/%3E%3C/svg%3E";

export default defineConfig({
  title: 'shardwright',
  description: 'A Discord gateway client for Node.',
  lang: 'en',
  srcDir: 'pages',
  base: process.env['DOCS_BASE'] ?? '/',
  head: [['link', { rel: 'icon', href: ICON }]],
  cacheDir: '../.cache/vitepress',
  // The start page is the README, whose first heading is the package's name: it needs no second one.
  titleTemplate: ':title · shardwright',
  markdown: { anchor: { slugify: slugOf }, toc: { slugify: slugOf } },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Documentation', link: linkOf(firstPage), activeMatch: '^/docs/' },
      { text: 'API reference', link: '/api/', activeMatch: '^/api/' },
      { text: `v${manifest.version}`, link: '/CHANGELOG' },
      { text: 'Repository', link: REPOSITORY },
    ],
    sidebar: {
      ...apiSidebars(),
      '/': [
        { text: 'Start', items: [itemOf(start)] },
        ...folders.map(({ title, pages }) => ({ text: title, items: pages.map(itemOf) })),
        { text: 'API reference', link: '/api/', items: apiEntries() },
        { text: 'Project', items: project.map(itemOf) },
      ],
    },
  },
});
