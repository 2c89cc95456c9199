// Opens a report in headless Chromium and does what a reader does. Prints what it saw as one JSON object; the test judges it.
//
//     node browse.mjs CHROMIUM REPORT.html WORDS [FOLDER]
//
// WORDS are typed into the search. With a folder, screenshots are put there, for a person to look at.

import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

const require = createRequire(`${process.cwd()}/`);
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const [executablePath, file, words, folder] = process.argv.slice(2);
const address = pathToFileURL(file).href;

// A container's root cannot have the sandbox, and the page is one that was just written.
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-background-networking'] });
const saw = { errors: [], requests: [], violations: [] };

async function opened(options = {}, path = address) {
  // The page's policy allows no script but its own, and the checker is one.
  const context = await browser.newContext({ bypassCSP: true, acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.on('console', (message) => { if (message.type() === 'error') saw.errors.push(message.text()); });
  page.on('pageerror', (error) => saw.errors.push(String(error)));
  page.on('request', (request) => { if (request.url() !== address && !request.url().startsWith('blob:')) saw.requests.push(request.url()); });
  await page.goto(path);
  if (options.javaScriptEnabled !== false) await page.waitForSelector('html[data-ready]');
  return page;
}

async function check(page, where) {
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate(() => window.axe.run({ resultTypes: ['violations', 'passes'] }));
  for (const { id, nodes } of violations) saw.violations.push({ where, id, html: nodes.map((node) => node.html).slice(0, 3) });
  saw.passes = Math.max(saw.passes ?? 0, passes.length);
}

const shoot = (page, name, options = {}) => (folder ? page.screenshot({ path: `${folder}/${name}.png`, ...options }) : null);
const rows = (page) => page.locator('#overview > tbody > tr:not(.detail)').count();
const says = (page) => page.locator('#shown').textContent();

// The policy as it is: with it, the page's own script and style must run.
const strict = await opened({ bypassCSP: false });
saw.policy = await strict.evaluate(() => getComputedStyle(document.body).maxWidth !== 'none' && document.documentElement.dataset.ready);
await strict.context().close();

const page = await opened({ viewport: { width: 1400, height: 900 } });
saw.all = await says(page);
saw.rows = await rows(page);
await shoot(page, 'wide');
await page.fill('#search', words);
await page.waitForFunction((before) => document.querySelector('#shown').textContent !== before, saw.all);
saw.searched = await says(page);
saw.found = await page.locator('#overview > tbody > tr:not(.detail) > th').allTextContents();
const saved = async (button) => {
  const [download] = await Promise.all([page.waitForEvent('download'), page.click(button)]);
  return readFileSync(await download.path(), 'utf8');
};
saw.csv = await saved('#csv');
saw.json = JSON.parse(await saved('#json'));
// What is told of the one that is called so: when it called, and by which permissions.
const named = page.locator('.unfold').filter({ hasText: words }).first();
await named.click();
await page.waitForSelector('.detail .body');
saw.told = await page.evaluate(() => {
  const body = document.querySelector('.detail .body');
  const cells = (row) => [...row.cells].map((cell) => cell.innerText.split('\n')[0]);
  const facts = [...body.querySelectorAll('.facts > div')].map((one) => [one.querySelector('dt').textContent, one.querySelector('dd').textContent]);
  return {
    name: body.querySelector('h3').textContent,
    facts: Object.fromEntries(facts),
    heat: [...body.querySelectorAll('.heat rect')].map((one) => Number(one.getAttribute('class').slice(1))),
    used: [...body.querySelectorAll('table.used tbody tr')].map(cells),
  };
});
await named.click();
await page.click('#clear');
saw.cleared = await says(page);

// Each filter, by each of its values.
saw.filters = {};
for (const name of ['account', 'owner', 'namespace', 'risk', 'status']) {
  saw.filters[name] = {};
  const select = page.locator(`#${name}-filter`);
  for (const value of await select.locator('option').evaluateAll((all) => all.map((one) => one.value).filter(Boolean))) {
    await select.selectOption(value, { force: true });
    await page.waitForTimeout(5);
    saw.filters[name][value] = await says(page);
  }
  await select.selectOption('', { force: true });
}
if (await page.locator('#muted-filter').isVisible()) {
  await page.check('#muted-filter');
  await page.waitForTimeout(5);
  saw.muted = await says(page);
  await page.uncheck('#muted-filter');
}

// By keyboard alone: from the search to the first principal, unfold it, close it.
await page.focus('#search');
for (let step = 0; step < 60; step += 1) {
  await page.keyboard.press('Tab');
  if (await page.evaluate(() => document.activeElement.classList.contains('unfold'))) break;
}
await page.keyboard.press('Enter');
await page.waitForSelector('.detail .body');
saw.expanded = await page.locator('.unfold').first().getAttribute('aria-expanded');
saw.headings = await page.locator('.detail h4').allTextContents();
await check(page, 'wide');
await shoot(page, 'detail', { fullPage: true });
await page.locator('.detail .scroll').first().press('Escape');
saw.closed = await page.evaluate(() => [document.querySelectorAll('.detail').length, document.activeElement.className, document.activeElement.getAttribute('aria-expanded')]);
saw.sorted = await page.evaluate(async () => {
  const header = [...document.querySelectorAll('#overview > thead th')].find((one) => one.textContent === 'Used');
  header.querySelector('button').click();
  const column = [...header.parentElement.cells].indexOf(header);
  const cells = [...document.querySelectorAll('#overview > tbody > tr')].map((row) => Number(row.cells[column].textContent.replaceAll(',', '')));
  return [header.getAttribute('aria-sort'), cells.every((cell, at) => at === 0 || cells[at - 1] >= cell)];
});
const anchor = await page.locator('.unfold').last().getAttribute('id');
await page.context().close();

const linked = await opened({}, `${address}#${anchor}`);
await linked.waitForSelector('.detail .body');
saw.linked = (await linked.evaluate(() => document.activeElement.id)) === anchor;
await linked.context().close();

for (const [name, options] of [
  ['narrow', { viewport: { width: 390, height: 844 } }],
  ['dark', { viewport: { width: 1400, height: 900 }, colorScheme: 'dark' }],
]) {
  const one = await opened(options);
  await shoot(one, name);
  await one.locator('.unfold').first().click();
  await one.waitForSelector('.detail .body');
  for (const summary of await one.locator('main > section > details.rest > summary').all()) await summary.click();
  await check(one, name);
  saw[`${name}_overflow`] = await one.evaluate(() => {
    const beyond = (element) => element.getBoundingClientRect().right > document.documentElement.clientWidth + 1;
    // What scrolls within itself may be wider than what is seen of it.
    const all = [...document.querySelectorAll('main *')].filter((element) => !element.closest('.scroll table, .hidden'));
    const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth;
    return [...all.filter(beyond).map((element) => element.outerHTML.slice(0, 80)).slice(0, 3), ...(wide ? ['the page scrolls sideways'] : [])];
  });
  await shoot(one, `${name}-detail`, { fullPage: true });
  await one.context().close();
}

const print = await opened({ viewport: { width: 800, height: 1100 } });
await print.locator('.unfold').first().click();
await print.waitForSelector('.detail .body');
await print.emulateMedia({ media: 'print' });
saw.print = await print.evaluate(() => {
  const seen = (name) => document.querySelector(name).checkVisibility();
  return { hidden: ['#tools', 'nav'].filter(seen), shown: ['#overview', '.detail .body', '.detail table'].filter((name) => !seen(name)) };
});
saw.print_overflow = await print.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
await shoot(print, 'print', { fullPage: true });
await print.context().close();

const plain = await opened({ javaScriptEnabled: false });
saw.plain = await plain.locator('main').innerText();
saw.plain_rows = await rows(plain);
await shoot(plain, 'plain');

// How long until everything is there: stated, and judged by nobody here.
const timed = await opened();
saw.ready_ms = Math.round(await timed.evaluate(() => performance.now()));
await browser.close();
console.log(JSON.stringify(saw));
