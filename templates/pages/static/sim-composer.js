/** What is being written: text, pictures and a quote, kept for each conversation until the server has it. */

import { brief, el } from './sim-message.js';

const MOST_IMAGES = 9;
const MOST_BYTES = 10 * 1024 * 1024;
const OFFICE = ['通知 请各单位报送线索摸排方案，收到请回复。明天下班前', '谁没收到', '进度', '帮助'];
const LIAISON = ['收到', '报 宣传单500份 短信2万条', '待办', '帮助'];
const get = (id) => document.getElementById(id);
const blank = () => ({ text: '', images: [], quote: null, posted: '', id: '' });

/** crypto.randomUUID exists only on https and loopback; the demo may be opened by an address of the local network. */
const clientId = () => crypto.getRandomValues(new Uint32Array(4)).join('-');

function phrases(person, group) {
  if (person.unit) return group ? LIAISON : [...LIAISON, '线索 某市场有人强收摊位费'];
  return person.roles.some((role) => ['clerk', 'head'].includes(role)) ? OFFICE : ['帮助'];
}

const dataUrl = (file) =>
  new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });

/**
 * Wires the input bar. `post(body)` sends one message; `toast(words)` says what went wrong.
 * Gives back {open(person, room), quote(message, name)}.
 */
export function startComposer({ post, toast }) {
  const input = get('input');
  const drafts = {};
  let draft = blank();
  let sender, room;

  const show = () => {
    if (input.value !== draft.text) input.value = draft.text;
    get('send').disabled = !(draft.text.trim() || draft.images.length);
    get('quoting').hidden = !draft.quote;
    get('quoting').firstElementChild.textContent = draft.quote?.words;
    get('previews').hidden = !draft.images.length;
    get('previews').replaceChildren(...draft.images.map(preview));
  };

  const change = (changes) => {
    Object.assign(draft, changes);
    show();
    input.focus();
  };

  const preview = (url, n) => {
    const remove = () => change({ images: draft.images.filter((_, at) => at !== n) });
    const cross = el('button', { type: 'button', 'aria-label': `去掉图片${n + 1}`, onclick: remove }, '×');
    return el('span', { class: 'preview' }, el('img', { src: url, alt: `待发图片${n + 1}` }), cross);
  };

  const attach = async (files) => {
    const chosen = [...files].filter((file) => file.type.startsWith('image/'));
    const fitting = chosen.filter((file) => file.size <= MOST_BYTES).slice(0, MOST_IMAGES - draft.images.length);
    if (fitting.length < files.length) toast(`只加上了${fitting.length}个：一次最多${MOST_IMAGES}张图片，每张10 MB以内`);
    const target = draft;
    target.images.push(...(await Promise.all(fitting.map(dataUrl))));
    show();
  };

  const send = async () => {
    const sent = draft;
    if (sent.sending || !(sent.text.trim() || sent.images.length)) return;
    const images = sent.images.map((url) => url.split(',')[1]);
    const body = { from: sender, room, text: sent.text, quote: sent.quote?.id ?? null, images };
    // The same words sent again after a failure are the same message; changed words are another one.
    const posted = JSON.stringify(body);
    if (sent.posted !== posted) Object.assign(sent, { posted, id: clientId() });
    sent.sending = input.readOnly = true;
    try {
      await post({ ...body, id: sent.id });
      Object.assign(sent, blank());
    } catch (error) {
      toast(`未发出，可以再按“发送”：${error.message}`);
    }
    sent.sending = input.readOnly = false;
    show();
  };

  input.oninput = () => {
    draft.text = input.value;
    show();
  };
  input.onkeydown = (e) => {
    // 229: some browsers report the Enter that ends a composition as an ordinary one.
    if (e.key !== 'Enter' || e.shiftKey || e.isComposing || e.keyCode === 229) return;
    e.preventDefault();
    send();
  };
  input.onpaste = (e) => {
    if (!e.clipboardData.files.length) return;
    e.preventDefault();
    attach(e.clipboardData.files);
  };
  get('send').onclick = send;
  // Keeps the focus in the text, and with it the keyboard of a phone.
  get('send').onmousedown = (e) => e.preventDefault();
  get('attach').onclick = () => get('files').click();
  get('files').onchange = async (e) => {
    await attach(e.target.files);
    e.target.value = '';
  };
  get('at').onclick = () => change({ text: '@收到助手 ' + draft.text });
  get('quoting').lastElementChild.onclick = () => change({ quote: null });

  return {
    open(person, where) {
      [sender, room] = [person.id, where];
      draft = drafts[`${sender}/${room}`] ??= blank();
      get('at').hidden = !where;
      const chip = (text) => el('button', { type: 'button', class: 'chip', onclick: () => change({ text }) }, text);
      get('chips').replaceChildren(...phrases(person, where !== null).map(chip));
      show();
    },
    quote: (message, name) => change({ quote: { id: message.id, words: `${name}：${brief(message)}` } }),
  };
}
