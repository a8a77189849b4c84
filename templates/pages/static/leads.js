// The page of a lead officer: lists, fetches, opens here. The identity stays in `held` and goes nowhere.
import { openEnvelope, readIdentity } from "/leads/leads-open.js";

const at = (id) => document.getElementById(id);
let held = null; // { token, identity }
let opened = new Map();
let listed = [];

function say(words, bad = false) {
  at("say").textContent = words;
  at("say").classList.toggle("bad", bad);
}

async function ask(path) {
  const answer = await fetch(path, { headers: { Authorization: `Bearer ${held.token}` }, cache: "no-store", credentials: "omit" });
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.error || `服务器拒绝（${answer.status}）`);
  return body;
}

async function begin(event) {
  event.preventDefault();
  try {
    const bytes = new Uint8Array(await at("identity").files[0].arrayBuffer());
    const locked = new TextDecoder().decode(bytes.subarray(0, 21)) === "age-encryption.org/v1";
    if (locked && !at("phrase").value) {
      at("phrase-row").hidden = false;
      say("私钥文件有口令，请填写。");
      return;
    }
    held = { token: at("token").value, identity: await readIdentity(bytes, at("phrase").value) };
    at("token").value = at("phrase").value = "";
    await list();
  } catch (fault) {
    say(fault.message || "不行", true);
  }
}

async function list() {
  const recipients = await ask("/api/leads/recipients");
  const print = recipients.fingerprint;
  at("fingerprint").textContent = `接收人名单指纹 ${print.slice(0, 4)}-${print.slice(4, 8)}-${print.slice(8, 12)}，请与通知里的核对。`;
  const rows = [];
  for (let after = 0, found; (found = await ask(`/api/leads?after=${after}`)).length;) {
    rows.push(...found);
    after = Number(found.at(-1).number.slice(2));
  }
  listed = rows.reverse();
  at("list").replaceChildren(...listed.map(row));
  at("search-row").hidden = false;
  say(`共${rows.length}条。`);
}

function row(lead) {
  const button = made("button", "打开");
  button.type = "button";
  button.disabled = lead.erased;
  button.addEventListener("click", () => show(lead.number));
  const clear = `${lead.received.slice(0, 13).replace("T", " ")}时 · ${lead.stage}${lead.outcome ? ` · ${lead.outcome}` : ""}${lead.erased ? " · 已销毁" : ""}`;
  const line = document.createElement("li");
  line.append(made("span", lead.number, "name"), made("span", clear, "clear"), button);
  return line;
}

async function open(number) {
  const lead = await ask(`/api/leads/${number}`);
  const parts = [];
  for (const envelope of lead.envelopes) parts.push(await openEnvelope(envelope, held.identity));
  opened.set(number, parts);
  return parts;
}

async function show(number) {
  try {
    say("正在打开…");
    const parts = await open(number);
    at("open").replaceChildren(article(number, parts));
    at("open").scrollIntoView({ block: "nearest" });
    say(`${number} 已打开，共${parts.length}段。`);
  } catch (fault) {
    say(`${number}：${fault.message || "打不开"}`, true);
  }
}

// Searching is only possible here: the server has no index of what it cannot read. Each fetch is a row in its journal.
async function openAll() {
  const failed = [];
  at("all").disabled = true;
  for (const [done, { number, erased }] of listed.entries()) {
    if (held === null) break;
    if (erased || opened.has(number)) continue;
    say(`正在打开… ${done + 1}/${listed.length}`);
    try {
      await open(number);
    } catch {
      failed.push(number);
    }
  }
  at("all").disabled = false;
  if (held === null) return;
  say(`已打开${opened.size}条。${failed.length ? `打不开：${failed.join("、")}` : ""}`, failed.length > 0);
  search();
}

// Everything from an envelope goes in as text: what an informant typed is never markup.
function article(number, parts) {
  const whole = made("article");
  whole.append(made("h2", number));
  for (const part of parts) {
    whole.append(made("p", teller(part), "meta"), made("pre", part.text));
    for (const picture of part.pictures || []) {
      const image = made("img");
      image.alt = "线索图片";
      image.src = `data:${picture.startsWith("iVBOR") ? "image/png" : "image/jpeg"};base64,${picture}`;
      whole.append(image);
    }
    for (const file of part.files || []) whole.append(download(file));
  }
  return whole;
}

// A file is saved, never shown: it is as its sender made it. Its address lives as long as the click.
function download(file) {
  const save = made("button", `附件：${file.title}`, "file");
  save.type = "button";
  save.addEventListener("click", () => {
    const bytes = Uint8Array.from(atob(file.data), (letter) => letter.charCodeAt(0));
    const link = made("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" }));
    link.download = file.title;
    link.click();
    URL.revokeObjectURL(link.href);
  });
  return save;
}

function teller(part) {
  if (!part.from) return "未留姓名";
  const when = (part.at || "").slice(0, 16).replace("T", " ");
  return [part.unit, part.name, part.from, when].filter(Boolean).join(" · ");
}

function search() {
  const words = at("search").value.trim();
  const found = [...opened].filter(([, parts]) => words && parts.some((part) => part.text.includes(words)));
  at("open").replaceChildren(...(words ? found : [...opened]).map(([number, parts]) => article(number, parts)));
}

function forget() {
  held = null;
  opened = new Map();
  listed = [];
  at("keys").reset();
  at("phrase-row").hidden = at("search-row").hidden = true;
  at("list").replaceChildren();
  at("open").replaceChildren();
  at("fingerprint").textContent = "";
  say("已清除。");
}

function made(tag, words = "", kind = "") {
  const element = document.createElement(tag);
  element.textContent = words;
  if (kind) element.className = kind;
  return element;
}

at("keys").addEventListener("submit", begin);
at("forget").addEventListener("click", forget);
at("all").addEventListener("click", openAll);
at("search").addEventListener("input", search);
window.addEventListener("pagehide", forget);
