// Goal: the published catalogue can be read by everybody: WCAG 2.1 AA as far as a machine can tell, no text wider than
// a phone, nothing loaded from elsewhere, and as many kinds on the page as in the registry.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'];
const page = pathToFileURL(`${process.env.CATALOGUE}/catalogue.html`).href;
const { document_kinds: kinds, notice_kinds: notices } = JSON.parse(readFileSync(`${process.env.CATALOGUE}/catalogue.json`, 'utf8'));
let browser;

before(async () => {
  // Root may not have a sandbox; the pages are our own.
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
});
after(() => browser?.close());

async function withTab(options, run) {
  const context = await browser.newContext(options);
  try {
    return await run(await context.newPage());
  } finally {
    await context.close();
  }
}

// Every violation as "rule: what, at which element".
async function violations(tab) {
  await tab.evaluate(axe);
  const result = await tab.evaluate((values) => globalThis.axe.run({ runOnly: { type: 'tag', values } }), RULES);
  return result.violations.map(({ id, help, nodes }) => `${id}: ${help}, at ${nodes[0].target}`);
}

test('a bad page is found to be bad', () =>
  withTab({}, async (tab) => {
    await tab.setContent('<html><body><img src="x"><p style="color:#bbb;background:#fff">pale</p></body></html>');
    const found = (await violations(tab)).join('\n');
    for (const rule of ['image-alt', 'color-contrast', 'html-has-lang', 'document-title']) assert.match(found, new RegExp(rule));
  }));

for (const [name, options, media] of [
  ['on a screen', { viewport: { width: 1280, height: 900 } }, 'screen'],
  ['on a phone', { viewport: { width: 360, height: 740 } }, 'screen'],
  ['printed', { viewport: { width: 794, height: 1123 } }, 'print'],
]) {
  test(`the catalogue ${name}: no violation, nothing cut off, nothing loaded`, () =>
    withTab(options, async (tab) => {
      const loaded = [];
      tab.on('request', (request) => loaded.push(request.url()));
      await tab.emulateMedia({ media });
      await tab.goto(page);
      assert.deepEqual(await violations(tab), []);
      const [scroll, client] = await tab.evaluate(() => {
        const root = document.documentElement;
        return [root.scrollWidth, root.clientWidth];
      });
      assert.ok(scroll <= client, `${scroll} wide in a window of ${client}`);
      assert.deepEqual(loaded, [page]);
    }));
}

test('every kind of the registry has its section, and what is unconfirmed is marked', () =>
  withTab({}, async (tab) => {
    await tab.goto(page);
    const codes = await tab.locator('article > p:first-of-type > code').allTextContents();
    assert.deepEqual(codes, [...kinds.map((kind) => kind.document_kind), ...notices.map((kind) => kind.notice_kind)]);
    assert.ok(kinds.length >= 41, `${kinds.length} kinds`);
    assert.ok(notices.length >= 30, `${notices.length} kinds of notices`);
    const marked = await tab.locator('article:has(> p:first-of-type > .mark)').count();
    assert.equal(marked, [...kinds, ...notices].filter((kind) => kind.unconfirmed).length);
    assert.ok(marked > 0);
    for (const link of await tab.locator('nav a').all()) {
      const target = await link.getAttribute('href');
      assert.equal(await tab.locator(target).count(), 1, target);
    }
  }));

test('on a phone no word of the overview is broken', () =>
  withTab({ viewport: { width: 360, height: 740 } }, async (tab) => {
    await tab.goto(page);
    // A word is broken where its own box is higher than one line of it.
    const broken = await tab.evaluate(() => [...document.querySelectorAll('.overview thead th [lang=en]')]
      .filter((heading) => heading.checkVisibility())
      .filter((heading) => {
        const range = document.createRange();
        const text = heading.firstChild;
        return [...text.data.matchAll(/\S+/g)].some(({ 0: word, index }) => {
          range.setStart(text, index);
          range.setEnd(text, index + word.length);
          return range.getClientRects().length > 1;
        });
      }).map((heading) => heading.textContent));
    assert.deepEqual(broken, []);
  }));
