'use strict';

// The page is complete without this script: it filters, sorts and unfolds what is already there.

const byId = (id) => document.getElementById(id);

// Sorting

// A note below the number is not a part of it.
const number = (cell) => Number.parseInt((cell.firstChild?.textContent ?? '').replace(/\D/g, '') || '-1', 10);
const words = new Intl.Collator('en', { numeric: true });

function sort(table, header) {
  const column = [...header.parentElement.children].indexOf(header);
  const isNumber = header.classList.contains('n');
  const first = isNumber && header.textContent !== '#' ? 'descending' : 'ascending';
  const other = first === 'ascending' ? 'descending' : 'ascending';
  const order = header.getAttribute('aria-sort') === first ? other : first;
  for (const sibling of header.parentElement.children) {
    if (sibling.hasAttribute('aria-sort')) sibling.setAttribute('aria-sort', 'none');
  }
  header.setAttribute('aria-sort', order);
  const sign = order === 'ascending' ? 1 : -1;
  const rows = [...table.tBodies[0].rows].map((row) => {
    const cell = row.cells[column];
    return { row, key: isNumber ? number(cell) : cell.textContent };
  });
  rows.sort((a, b) => sign * (isNumber ? a.key - b.key : words.compare(a.key, b.key)));
  table.tBodies[0].append(...rows.map(({ row }) => row));
}

function makeSortable(table) {
  table.classList.replace('sort', 'sortable');
  for (const header of table.tHead.querySelectorAll('th')) {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...header.childNodes);
    button.addEventListener('click', () => sort(table, header));
    header.append(button);
    if (!header.hasAttribute('aria-sort')) header.setAttribute('aria-sort', 'none');
  }
}

for (const table of document.querySelectorAll('main > section > table.sort')) makeSortable(table);

// There may be thousands of tables within the sections, so each waits until it is seen.
const watch = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    watch.unobserve(target);
    makeSortable(target);
  }
});
for (const table of document.querySelectorAll('details table.sort')) watch.observe(table);

// Filtering

const sections = [...document.querySelectorAll('details.principal')];
const rows = byId('overview') ? [...byId('overview').tBodies[0].rows] : [];
const texts = rows.map((row) => row.textContent.toLowerCase());

function filter() {
  const terms = byId('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  rows.forEach((row, at) => {
    const isShown = terms.every((term) => texts[at].includes(term));
    row.hidden = !isShown;
    if (sections[at]) sections[at].hidden = !isShown;
    shown += isShown;
  });
  byId('shown').textContent = terms.length === 0 ? '' : `${shown.toLocaleString('en')} of ${rows.length.toLocaleString('en')} shown`;
}

let pending;
byId('filter')?.addEventListener('input', () => {
  clearTimeout(pending);
  pending = setTimeout(filter, 80);
});
byId('filter')?.form.addEventListener('submit', (event) => event.preventDefault());

// Unfolding

function unfold(isOpen) {
  for (const section of sections) if (!section.hidden) section.open = isOpen;
}
byId('expand').addEventListener('click', () => unfold(true));
byId('collapse').addEventListener('click', () => unfold(false));

function follow() {
  const target = location.hash && byId(decodeURIComponent(location.hash.slice(1)));
  const section = target && target.closest('details.principal');
  if (!section) return;
  section.hidden = false;
  section.open = true;
  section.scrollIntoView();
  section.querySelector('summary').focus({ preventScroll: true });
}
addEventListener('hashchange', follow);
follow();

for (const tools of document.querySelectorAll('.tools')) tools.hidden = false;
