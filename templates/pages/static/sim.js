/** The server makes the page and htmx keeps it so. Left for here: what went wrong, where one looks, and hidden tabs. */
const NEAR = -60; // pixels from the newest message; the log is laid out from its end, and counts from there
const AGAIN = 3000;
const get = (id) => document.getElementById(id);
let stream, hiding;

export const on = (name, act) => document.addEventListener(name, act, true);
export function toast(words) {
  Object.assign(get('toast'), { textContent: words, hidden: false });
  clearTimeout(hiding);
  hiding = setTimeout(() => (get('toast').hidden = true), 5000);
}

const failed = (elt, words) => toast(elt.matches('.composer') ? `未发出，可以再按“发送”：${words}` : words);
on('htmx:sendError', ({ detail: { elt } }) => {
  if (elt.id !== 'window') return failed(elt, '连不上演示服务器，请看看它是否还在运行');
  get('offline').hidden = false;
  setTimeout(look, AGAIN);
});
on('htmx:afterRequest', ({ detail: { elt, xhr } }) => {
  if (xhr.status >= 400) failed(elt, JSON.parse(xhr.responseText).error);
});
on('htmx:beforeRequest', (e) => e.detail.elt.ariaCurrent && e.preventDefault()); // that conversation is open

const read = () => get('log')?.setAttribute('aria-busy', 'false');
on('htmx:sseOpen', ({ detail }) => {
  stream = detail.source;
  if (document.hidden) stream.close();
  stream.addEventListener('read', read);
  get('offline').hidden = true;
});
on('htmx:sseError', () => (get('offline').hidden = false));
on('htmx:sseMessage', ({ detail }) => {
  if (detail.type !== 'message') return;
  if (document.querySelector('.message:last-child').matches('.own')) get('log').scrollTop = 0;
  get('newer').hidden = get('log').scrollTop > NEAR;
});
on('scroll', ({ target }) => {
  if (target.id === 'log' && target.scrollTop > NEAR) get('newer').hidden = true;
});

async function look() {
  const place = { source: '#window', target: '#window', swap: 'outerHTML' };
  await htmx.ajax('GET', location.href, place).catch(() => {}); // it is said and tried again above
  get('person').value = get('window').dataset.person;
}
// A browser opens six connections to one server: a tab that nobody looks at gives its own back.
on('visibilitychange', async () => {
  if (document.hidden) return stream?.close();
  const top = get('log')?.scrollTop;
  await look();
  if (top) get('log').scrollTop = top;
});
on('htmx:historyCacheMiss', (e) => {
  e.preventDefault(); // it would take the whole page, and what is being written with it
  look();
});

const presses = {
  '#newer': () => (get('log').scrollTop = 0),
  '.quoted': (it) => document.querySelector(`[data-id="${it.dataset.of}"]`)?.scrollIntoView({ block: 'center' }),
  '.picture': (it) => {
    get('zoom').firstElementChild.src = it.firstElementChild.src;
    get('zoom').showModal();
  },
  '#zoom': (it) => it.close(),
};
export const press = (what) => on('click', ({ target }) => {
  for (const where in what) if (target.closest(where)) what[where](target.closest(where));
});
press(presses);

// On a wide screen something is open always.
const row = document.querySelector('.window:not(.in-chat) .row:last-child');
if (row && matchMedia('(min-width: 701px)').matches) location.replace(row.href);
