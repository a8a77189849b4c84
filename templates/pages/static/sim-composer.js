/** What is being written: text, pictures and a quote, kept for each conversation until the server has it. */
import { on, press, toast } from './sim.js';

const MOST = 9;
const LARGEST = 10 * 1024 * 1024;
const get = (id) => document.getElementById(id);
const attached = () => [...get('images').files];
const begun = {}; // place -> its input bar, with what was begun there

/** The same words sent again are the same message; changed ones get an id of their own. */
function show() {
  const { text, images, quote, client } = get('composer').elements;
  client.value = crypto.getRandomValues(new Uint32Array(4)).join('-');
  get('send').disabled = !(text.value.trim() || images.files.length);
  get('quoting').hidden = !quote.value;
  get('previews').hidden = !images.files.length;
  if (get('previews').childElementCount === images.files.length) return;
  get('previews').replaceChildren(...attached().map(preview));
}

function preview(file) {
  const one = get('preview').content.cloneNode(true);
  one.querySelector('img').src = URL.createObjectURL(file); // never revoked: it names a file on their disk
  return one;
}

function attach(files) {
  const fit = files.filter((file) => file.type.startsWith('image/') && file.size <= LARGEST).slice(0, MOST);
  if (fit.length < files.length) toast(`只加上了${fit.length}个：一次最多${MOST}张图片，每张10 MB以内`);
  const bag = new DataTransfer();
  for (const file of fit) bag.items.add(file);
  get('images').files = bag.files;
  show();
}

function write(words) {
  get('input').value = words;
  get('input').focus();
  show();
}

function quote(id, words) {
  get('composer').elements.quote.value = id;
  get('quoting').firstElementChild.textContent = words;
  write(get('input').value);
}

press({
  '.chip': (it) => write(it.textContent),
  '#at': (it) => write(it.dataset.words + get('input').value),
  '#attach': () => get('files').click(),
  '.preview button': (it) => attach(attached().filter((_, n) => get('previews').children[n] !== it.parentNode)),
  '.quote': (it) => quote(it.closest('article').dataset.id, it.dataset.brief),
  '#quoting button': () => quote('', ''),
});
on('input', ({ target }) => target.id === 'input' && show());
on('change', ({ target }) => {
  if (target.id !== 'files') return;
  attach([...attached(), ...target.files]);
  target.value = '';
});
on('paste', (e) => {
  if (!e.clipboardData.files.length) return;
  e.preventDefault();
  attach([...attached(), ...e.clipboardData.files]);
});
on('mousedown', (e) => e.target.id === 'send' && e.preventDefault()); // the focus stays, and a phone's keyboard
on('keydown', (e) => {
  // 229: some browsers report the Enter that ends a composition as an ordinary one.
  if (e.target.id !== 'input' || e.key !== 'Enter' || e.shiftKey || e.isComposing || e.keyCode === 229) return;
  e.preventDefault();
  get('send').click();
});

htmx.onLoad((it) => {
  const fresh = get('composer');
  if (!fresh || !it.contains(fresh)) return;
  const bar = (begun[fresh.dataset.place] ??= fresh);
  fresh.replaceWith(bar);
  htmx.process(bar);
  show();
});
on('htmx:beforeRequest', ({ detail: { elt } }) => elt.matches('.composer') && (elt.elements.text.readOnly = true));
on('htmx:afterRequest', ({ detail: { elt, xhr } }) => {
  if (!elt.matches('.composer')) return;
  elt.elements.text.readOnly = false;
  if (xhr.status !== 204) return; // it stands there still, with its id
  elt.reset();
  if (elt.isConnected) show();
});
