'use strict';

// The page's summary is complete without this script. It opens the embedded blocks: the index at once, the details of a principal
// when it is unfolded. Whatever comes from a block is text: nothing here makes markup of it.

const byId = (id) => document.getElementById(id);

/** An element: its attributes, then its children, of which texts stay texts. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(key, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

function shape(name, attributes) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

const grouped = (number) => number.toLocaleString('en');
const counted = (number, one, many) => `${grouped(number)} ${number === 1 ? one : many}`;
const code = (text) => make('code', {}, text);
const note = (...children) => make('div', { class: 'note' }, ...children);
const time = (moment) => (moment ? moment.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*$/, '$1 $2') : 'no allowed call');

/** A message in which names stand between backticks. */
const prose = (text) => text.split('`').map((piece, at) => (at % 2 ? code(piece) : piece));

/** Names with commas between them. */
const codes = (names, all = names.length) => [
  ...names.flatMap((name, at) => (at ? [', ', code(name)] : [code(name)])),
  all > names.length ? ` and ${grouped(all - names.length)} more` : null,
];

async function open(id) {
  const bytes = Uint8Array.from(atob(byId(id).textContent), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  return JSON.parse(await new Response(stream).text());
}

// Sorting of the tables that are whole

const words = new Intl.Collator('en', { numeric: true });
// A note below the number is not a part of it.
const number = (cell) => Number.parseInt((cell.firstChild?.textContent ?? '').replace(/\D/g, '') || '-1', 10);

/** Turns headers into buttons; `sort` is told the column and the order. */
function sortable(table, sort) {
  table.classList.add('sortable');
  const headers = [...table.tHead.rows[0].cells];
  for (const [column, header] of headers.entries()) {
    if (header.tagName !== 'TH') continue;
    const isNumber = header.classList.contains('n') && header.textContent !== '#';
    const button = make('button', { type: 'button' }, ...header.childNodes);
    button.addEventListener('click', () => {
      const [first, other] = isNumber ? ['descending', 'ascending'] : ['ascending', 'descending'];
      const order = header.getAttribute('aria-sort') === first ? other : first;
      for (const one of headers) if (one.hasAttribute('aria-sort')) one.setAttribute('aria-sort', 'none');
      header.setAttribute('aria-sort', order);
      sort(column, order === 'ascending' ? 1 : -1, header.classList.contains('n'));
    });
    header.append(button);
    if (!header.hasAttribute('aria-sort')) header.setAttribute('aria-sort', 'none');
  }
}

for (const table of document.querySelectorAll('table.sort')) {
  sortable(table, (column, sign, isNumber) => {
    const rows = [...table.tBodies[0].rows].map((row) => {
      const cell = row.cells[column];
      return { row, key: isNumber ? number(cell) : cell.textContent };
    });
    rows.sort((a, b) => sign * (isNumber ? a.key - b.key : words.compare(a.key, b.key)));
    table.tBodies[0].append(...rows.map(({ row }) => row));
  });
}

// The principals

const PAGE = 100;
const LEVEL_WORDS = ['high', 'medium', 'low', 'none'];
const STATUS_WORDS = {
  change: 'something to remove', same: 'nothing to change', none: 'no proposal', idle: 'no allowed call', new: 'new finding',
};
let index;
let principals = [];
let shown = [];
let drawn = 0;

/** The verdicts as parts of a bar, which repeats numbers that stand beside it. */
function bar(used, unused, unobservable) {
  const svg = shape('svg', { class: 'bar', 'aria-hidden': 'true' });
  const granted = Math.max(used + unused + unobservable, 1);
  let from = 0;
  for (const [look, count] of [['u', used], ['n', unused], ['o', unobservable]]) {
    if (!count) continue;
    const width = (count * 100) / granted;
    svg.append(shape('rect', { class: look, x: `${from}%`, width: `${width}%`, height: '100%' }));
    from += width;
  }
  return svg;
}

const cell = (number) => make('td', { class: 'n' }, grouped(number));

function row(one) {
  const name = one.at < index.detailed
    ? make('button', { type: 'button', class: 'unfold', 'aria-expanded': 'false', id: one.anchor }, one.name)
    : one.name;
  const marks = [
    one.muted ? make('span', { class: 'state' }, 'muted') : null,
    ...one.status.filter((status) => status.startsWith('pull')).map((status) => make('span', { class: 'state yes' }, status)),
    one.status.includes('new') ? make('span', { class: 'state no' }, 'new finding') : null,
  ];
  const row = make('tr', {},
    make('td', { class: 'n' }, grouped(one.at + 1)),
    make('th', { scope: 'row' }, name, note(one.arn)),
    make('td', {}, one.owner ?? '–'),
    make('td', {}, make('span', { class: `risk ${one.risk}` }, one.risk)),
    cell(one.score),
    make('td', {}, bar(one.used, one.unused, one.unobservable)),
    cell(one.granted), cell(one.used), cell(one.unused), cell(one.unobservable),
    make('td', {}, time(one.last_used)),
    make('td', {}, make('span', { class: `state ${one.status[0]}` }, one.proposal), ' ', ...marks.flatMap((mark) => [mark, ' '])));
  if (one.at < index.detailed) {
    name.addEventListener('click', () => toggle(one, row, name));
    row.addEventListener('keydown', (event) => close(event, one, row, name));
  }
  return row;
}

async function toggle(one, row, button) {
  const isOpen = button.getAttribute('aria-expanded') === 'true';
  button.setAttribute('aria-expanded', String(!isOpen));
  if (isOpen) {
    row.nextSibling.remove();
    button.removeAttribute('aria-controls');
  } else {
    const place = make('td', { colspan: '12', id: `${one.anchor}-details` }, 'Opening …');
    row.after(make('tr', { class: 'detail' }, place));
    button.setAttribute('aria-controls', place.id);
    const block = Math.floor(one.at / index.block);
    blocks[block] ??= open(`block-${block}`);
    const details = (await blocks[block])[one.at % index.block];
    // It may have been folded again while the block was opened.
    if (!place.isConnected) return;
    place.replaceChildren(detail(one, details));
    place.addEventListener('keydown', (event) => close(event, one, row, button));
  }
}
const blocks = [];

/** Escape folds what is unfolded, and the focus goes back to where it was unfolded. */
function close(event, one, row, button) {
  if (event.key !== 'Escape' || button.getAttribute('aria-expanded') !== 'true') return;
  toggle(one, row, button);
  button.focus();
}

function drawMore(count) {
  const end = Math.min(shown.length, drawn + count);
  byId('overview').tBodies[0].append(...shown.slice(drawn, end).map(row));
  drawn = end;
  byId('pages').hidden = drawn >= shown.length;
  byId('more').textContent = `Show ${grouped(Math.min(PAGE, shown.length - drawn))} more of ${grouped(shown.length)}`;
}

const FILTERS = {
  account: (one, value) => one.account === value,
  owner: (one, value) => (one.owner ?? '') === value.slice(1),
  namespace: (one, value) => one.namespace === value,
  risk: (one, value) => one.risk === value,
  status: (one, value) => one.status.includes(value),
};

function filter() {
  const terms = byId('search').value.toLowerCase().split(/\s+/).filter(Boolean);
  const chosen = Object.keys(FILTERS).map((name) => [FILTERS[name], byId(`${name}-filter`).value]).filter(([, value]) => value);
  const withMuted = byId('muted-filter').checked;
  const matching = principals.filter((one) =>
    terms.every((term) => one.text.includes(term)) && chosen.every(([matches, value]) => matches(one, value)));
  shown = matching.filter((one) => withMuted || !one.muted);
  const hidden = matching.length - shown.length;
  byId('shown').textContent = `${grouped(shown.length)} of ${grouped(principals.length)} shown${hidden ? `, ${grouped(hidden)} muted hidden` : ''}`;
  byId('overview').tBodies[0].replaceChildren();
  drawn = 0;
  drawMore(PAGE);
}

function options(name, values, label = (value) => value) {
  const select = byId(`${name}-filter`);
  if (values.length < 2) select.parentElement.hidden = true;
  for (const value of values) select.append(make('option', { value }, label(value)));
}

const distinct = (values) => [...new Set(values)].sort(words.compare);

/** What a spreadsheet would take for a formula is marked as text. */
const csvCell = (value) => {
  const text = Array.isArray(value) ? value.join('; ') : String(value ?? '');
  const safe = typeof value !== 'number' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
};

function save(name, type, text) {
  const link = make('a', { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function download(format) {
  const columns = index.columns.filter((column) => column !== 'anchor');
  if (format === 'json') {
    const rows = shown.map((one) => Object.fromEntries(columns.map((column) => [column, one[column]])));
    save('principals.json', 'application/json', `${JSON.stringify(rows, null, 2)}\n`);
  } else {
    const lines = [columns, ...shown.map((one) => columns.map((column) => one[column]))];
    save('principals.csv', 'text/csv', lines.map((line) => `${line.map(csvCell).join(',')}\r\n`).join(''));
  }
}

const KEYS = [null, 'name', 'owner', 'risk', 'score', null, 'granted', 'used', 'unused', 'unobservable', 'last_used', 'proposal'];

function sortPrincipals(column, sign) {
  const key = KEYS[column];
  const value = {
    null: (one) => one.at,
    risk: (one) => LEVEL_WORDS.length - LEVEL_WORDS.indexOf(one.risk),
  }[key] ?? ((one) => one[key] ?? '');
  principals.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    const order = typeof x === 'number' && typeof y === 'number' ? x - y : words.compare(String(x), String(y));
    return sign * order || a.at - b.at;
  });
  filter();
}

async function start() {
  index = await open('index');
  principals = index.rows.map((values, at) => {
    const one = Object.fromEntries(index.columns.map((column, place) => [column, values[place]]));
    one.at = at;
    one.text = [one.name, one.arn, one.kind, one.owner, one.namespace, one.proposal, one.status.join(' ')].join(' ').toLowerCase();
    return one;
  });
  if (!byId('overview')) return;
  options('account', distinct(principals.map((one) => one.account)));
  // A value that is never empty, since the empty one means all.
  options('owner', distinct(principals.map((one) => `=${one.owner ?? ''}`)), (value) => value.slice(1) || 'nobody');
  options('namespace', distinct(principals.map((one) => one.namespace).filter(Boolean)));
  options('risk', LEVEL_WORDS.filter((risk) => principals.some((one) => one.risk === risk)));
  options('status', distinct(principals.flatMap((one) => one.status)), (value) => STATUS_WORDS[value] ?? value);
  const muted = principals.filter((one) => one.muted).length;
  byId('muted-count').textContent = `(${grouped(muted)})`;
  byId('muted-filter').parentElement.hidden = muted === 0;
  sortable(byId('overview'), sortPrincipals);
  let pending;
  byId('tools').addEventListener('input', (event) => {
    clearTimeout(pending);
    pending = setTimeout(filter, event.target.type === 'search' ? 80 : 0);
  });
  byId('tools').addEventListener('submit', (event) => event.preventDefault());
  byId('clear').addEventListener('click', () => {
    byId('tools').reset();
    filter();
    byId('search').focus();
  });
  byId('csv').addEventListener('click', () => download('csv'));
  byId('json').addEventListener('click', () => download('json'));
  byId('more').addEventListener('click', () => {
    const next = drawn;
    drawMore(PAGE);
    // The button may be gone, and where the reader was must not be.
    byId('overview').tBodies[0].querySelectorAll('.unfold')[next]?.focus();
  });
  byId('static').remove();
  byId('tools').hidden = false;
  filter();
  addEventListener('hashchange', follow);
  follow();
  document.documentElement.dataset.ready = 'true';
}

/** Unfolds the principal that the address names, wherever it is in the list. */
function follow() {
  const anchor = decodeURIComponent(location.hash.slice(1));
  const one = principals.find((one) => one.anchor === anchor);
  if (!one) return;
  if (!shown.includes(one)) {
    byId('tools').reset();
    byId('muted-filter').checked = Boolean(one.muted);
    filter();
  }
  drawMore(Math.max(shown.indexOf(one) + 1 - drawn, 0));
  const button = byId(anchor);
  if (!button) return;
  if (button.getAttribute('aria-expanded') === 'false') button.click();
  button.scrollIntoView();
  button.focus({ preventScroll: true });
}

// The details of one principal

function table(titles, rows, attributes = {}) {
  const head = make('tr', {}, ...titles.map((title) =>
    make('th', title.startsWith('#') ? { scope: 'col', class: 'n' } : { scope: 'col' }, title.replace(/^#/, ''))));
  return make('table', attributes, make('thead', {}, head), make('tbody', {}, ...rows));
}

const line = (...cells) => make('tr', {}, ...cells.map((one, at) =>
  typeof one === 'number' ? cell(one) : make(at ? 'td' : 'th', at ? {} : { scope: 'row' }, ...[one].flat())));

/** What a list leaves out. */
const left = ([all, rows], one, many) =>
  all > rows.length ? make('p', { class: 'note' }, `and ${counted(all - rows.length, one, many)} more; `, code('report.json'), ' has them') : null;

const part = (title, ...children) => make('section', {}, make('h4', {}, title), ...children);

function detail(one, details) {
  const { levels = [], services, used, gaps, unlisted, denied, findings, rhythm, proposal, written = [0, []], pull_requests: pullRequests = [] } = details;
  const facts = [
    ['Kind', one.kind], ['Account', one.account || 'not known'], one.namespace && ['Namespace', one.namespace],
    ['Owner', one.owner ?? 'not known'], ['Allowed calls', grouped(one.calls)], ['Denied calls', grouped(one.denied)],
    ['Last allowed call (UTC)', time(one.last_used)], ['Score', grouped(one.score)],
    written[0] && ['Written at', make('span', {}, ...written[1].flatMap((place, at) => [at ? ', ' : '', code(place)]),
      written[0] > written[1].length ? ` and ${grouped(written[0] - written[1].length)} more` : '')],
  ].filter(Boolean);
  const body = make('div', { class: 'body' });
  body.append(...[
    make('h3', {}, one.name),
    make('p', { class: 'arn' }, code(one.arn)),
    one.muted ? make('p', {}, make('strong', {}, 'Muted: '), one.muted) : null,
    make('dl', { class: 'facts' }, ...facts.map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', {}, value)))),
    proposalPart(proposal, pullRequests),
    findings ? foundPart(findings) : null,
    services ? servicesPart(services) : null,
    levels.length ? levelsPart(levels) : null,
    rhythmPart(rhythm),
    usedPart(used),
    gaps ? gapsPart(gaps) : null,
    unlisted ? part('Beyond the catalog', make('p', {}, 'The catalog does not list these names, so they are in no count. What the policies allow of them stays.'),
      table(['Names', 'Why they stay'], unlisted[1].map(([names, why]) => line(code(names), prose(why)))), left(unlisted, 'pattern', 'patterns')) : null,
    denied ? part('Denied calls', table(['Permission', '#Denied calls'], denied[1].map(([permission, calls]) => line(code(permission), calls))),
      left(denied, 'permission', 'permissions')) : null,
  ].filter(Boolean));
  return body;
}

const CHANGES = { new: 'new', regressed: 'back again', grown: 'grown', shrunk: 'shrunk', same: '' };

/** Findings that are seen at once; the others are unfolded. */
const AT_ONCE = 6;

function foundPart(findings) {
  const rows = findings[1].map(([severity, rule, service, text, change, muted]) => line(
    code(rule), make('span', { class: `risk ${severity}` }, severity), [service ? [code(service), ': '] : null, prose(text)].flat(2),
    [CHANGES[change] ?? '', muted ? ` muted: ${muted}` : '']));
  const titles = ['Rule', 'Severity', 'Finding', 'Since the previous report'];
  const rest = rows.splice(AT_ONCE);
  const more = rest.length
    ? make('details', { class: 'rest' }, make('summary', {}, counted(rest.length, 'more finding', 'more findings')), table(titles, rest), left(findings, 'finding', 'findings'))
    : null;
  return part('Findings', table(titles, rows), more);
}

function proposalPart(proposal, pullRequests) {
  const { says, proof, points, folder, changes } = proposal;
  const policies = (changes?.[1] ?? []).map(([policy, edit, why, before, after, lines, diff]) => make('details', { class: 'policy' },
    make('summary', {}, code(policy), ' ', make('span', { class: 'edit' }, edit), ' ',
      make('span', { class: 'note' }, `${grouped(before)} → ${grouped(after)} characters`, ...(why ? ['; ', ...prose(why)] : []))),
    diff ? diffOf(diff, lines) : make('p', { class: 'note' }, lines ? 'The difference is in the proposal’s folder.' : 'The document itself does not change.')));
  return part('Proposal', make('p', {}, make('strong', {}, ...prose(says))),
    ...pullRequests.map(([url, says]) => make('p', {}, 'Pull request: ', url ? linkTo(url) : 'none', ` (${says})`)),
    proof ? make('p', {}, proof) : null,
    points ? make('p', {}, `It takes ${counted(points, 'point', 'points')} off the score.`) : null,
    folder ? make('p', {}, 'Files: ', code(folder), ' in the folder that ', code('remit propose'), ' wrote.') : null,
    ...policies, changes ? left(changes, 'policy', 'policies') : null);
}

/** A link, where it is one that a browser may follow. */
const linkTo = (url) => (/^https:\/\//.test(url) ? make('a', { href: url, rel: 'noreferrer noopener' }, url) : code(url));

function diffOf(diff, lines) {
  const rows = diff.split('\n');
  const looks = (row) => (/^(\+\+\+|---) /.test(row) ? 'b' : row.startsWith('@@') ? 'i' : row.startsWith('+') ? 'ins' : row.startsWith('-') ? 'del' : null);
  const pre = make('pre', { class: 'diff', tabindex: '0', role: 'group', 'aria-label': 'Difference' },
    ...rows.flatMap((row) => [looks(row) ? make(looks(row), {}, row) : row, '\n']));
  const wrap = make('div', {}, pre);
  if (lines > rows.length) wrap.append(note(`and ${counted(lines - rows.length, 'more line', 'more lines')}`));
  return wrap;
}

/** Granted against used, by service and access level: in each cell a bar, and the same in numbers. */
function servicesPart(services) {
  const levels = index.levels;
  const sum = ([, ...counts]) => counts.reduce((all, count) => all + count, 0);
  const most = Math.max(...services[1].flatMap(([, cells]) => cells.map(sum)), 1);
  const rows = services[1].map(([service, cells]) => {
    const byLevel = new Map(cells.map(([level, ...counts]) => [level, counts]));
    return make('tr', {}, make('th', { scope: 'row' }, code(service)), ...levels.map((_, level) => {
      const counts = byLevel.get(level);
      if (!counts) return make('td', { class: 'none' }, '–');
      const [used, unused, unobservable] = counts;
      const all = used + unused + unobservable;
      const said = `${grouped(used)} of ${grouped(all)}`;
      const picture = bar(used, unused, unobservable);
      // The area tells how many there are: a service with a hundred beside one with ten thousand is still seen.
      picture.style.width = `${8 * Math.sqrt(all / most)}rem`;
      return make('td', {}, picture, make('span', {}, said),
        make('span', { class: 'hidden' }, ` used, ${grouped(unused)} unused, ${grouped(unobservable)} unobservable`));
    }));
  });
  const scroll = make('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': 'Used of granted, by service and access level' },
    table(['Service', ...levels], rows, { class: 'matrix' }));
  const legend = make('p', { class: 'note' }, make('i', { class: 'key u' }), 'used ', make('i', { class: 'key n' }), 'unused ', make('i', { class: 'key o' }),
    'unobservable; the longer a bar, the more is granted');
  return part('Used of granted, by service and access level', legend, scroll, left(services, 'service', 'services'));
}

const levelsPart = (levels) => part('Unused by access level', table(['Access level', '#Unused', '#Each counts', '#Points', 'Such as'],
  levels.filter(([, , , unused]) => unused).map(([level, weight, , unused, , examples]) =>
    line(index.levels[level], unused, weight, unused * weight, codes(examples, unused)))));

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function rhythmPart(rhythm) {
  if (!rhythm) return part('Rhythm', make('p', {}, 'The ledger tells no hour in which it called.'));
  const [days, first, last, most, week] = rhythm;
  const svg = shape('svg', { class: 'heat', viewBox: '0 0 420 128', role: 'img' });
  const hours = WEEKDAYS.map((_, day) => [...week.slice(day * 24, day * 24 + 24)]);
  const byDay = WEEKDAYS.map((name, day) => [name, stretches(hours[day])]).filter(([, found]) => found.length);
  // Where calls are scattered, a list of hours tells nobody anything.
  const when = byDay.some(([, found]) => found.length > 2)
    ? `in ${counted(hours.flat().filter((digit) => digit !== '0').length, 'hour', 'hours')} of the 168 of a week`
    : byDay.map(([name, found]) => `${name} ${found.map(([from, to]) => `${from}–${to} h`).join(', ')}`).join('; ');
  const words = `On ${counted(days, 'day', 'days')} from ${first} to ${last}, by UTC ${when}.`;
  svg.setAttribute('aria-label', words);
  WEEKDAYS.forEach((name, day) => {
    const label = shape('text', { x: 0, y: 25 + day * 15, class: 'tick' });
    label.textContent = name;
    svg.append(label);
    for (let hour = 0; hour < 24; hour += 1) {
      const digit = week[day * 24 + hour];
      svg.append(shape('rect', { x: 32 + hour * 16, y: 14 + day * 15, width: 14, height: 13, class: `h${digit}` }));
    }
  });
  for (let hour = 0; hour < 24; hour += 3) {
    const label = shape('text', { x: 32 + hour * 16, y: 9, class: 'tick' });
    label.textContent = String(hour).padStart(2, '0');
    svg.append(label);
  }
  return part('Rhythm', make('p', {}, words), svg,
    make('p', { class: 'note' }, `Hours of the week, by UTC: the darker, the more of the days had calls in that hour (at most ${counted(most, 'day', 'days')}).`));
}

/** Hours with something in them, as stretches of the clock. */
function stretches(hours) {
  const found = [];
  hours.forEach((digit, hour) => {
    if (digit === '0') return;
    const latest = found.at(-1);
    if (latest && latest[1] === hour) latest[1] = hour + 1;
    else found.push([hour, hour + 1]);
  });
  return found;
}

function usedPart(used) {
  if (!used) return part('Used permissions', make('p', {}, 'None of its permissions is used.'));
  const rows = used[1].map(([permission, count, wire, first, last, scope, narrowed, seen, sample, sources, shownBy, operations]) => make('tr', {},
    make('th', { scope: 'row' }, code(permission), operations.length ? note('by ', ...codes(operations)) : null),
    make('td', { class: 'n' }, grouped(count), wire ? note(`${grouped(wire)} on the wire`) : null),
    make('td', {}, time(first)), make('td', {}, time(last)),
    make('td', {}, ...prose(scope), names(narrowed), seen[0] && seen[1].join() !== narrowed[1].join() ? note('seen on ', ...codes(seen[1], seen[0])) : null),
    make('td', {}, sources, shownBy ? note(shownBy) : null),
    make('td', {}, sample ? code(sample) : '–')));
  return part('Used permissions', table(['Permission', '#Calls', 'First (UTC)', 'Last (UTC)', 'Resources', 'Source', 'Sample event or request'], rows, { class: 'cards used' }),
    left(used, 'permission', 'permissions'));
}

const names = ([all, patterns]) => (all ? make('ul', {}, ...patterns.map((pattern) => make('li', {}, code(pattern))),
  all > patterns.length ? make('li', { class: 'note' }, `and ${grouped(all - patterns.length)} more`) : null) : null);

const gapsPart = (gaps) => part('Unobservable', table(['Why it cannot be told, and what would show it', '#Permissions', 'Such as'],
  gaps[1].map(([permissions, text, remedy, examples]) =>
    line([...prose(text), remedy ? note('→ ', ...prose(remedy)) : null], permissions, codes(examples, permissions)))), left(gaps, 'reason', 'reasons'));

if ('DecompressionStream' in window) start();
else byId('static')?.append(' This browser cannot open what is embedded: it lacks DecompressionStream.');
