// Opening an envelope in the officer's browser, byte for byte as models/sealing.py closes it.
import { Decrypter } from "/leads/age.js";

const ALGORITHM = "aes-256-gcm+age-x25519";
const LOCKED = "age-encryption.org/v1";
const SMALLEST = 256;
const LENGTH = 8;
const text = new TextEncoder();
const CANNOT = "打不开：密钥不对，或内容已被改动";

export class CannotOpen extends Error {
  constructor() { super(CANNOT); }
}

// The private key in an identity file, as `lead keygen` writes it or as `age -p` has locked it.
export async function readIdentity(bytes, phrase) {
  let data = new TextDecoder().decode(bytes);
  if (data.startsWith(LOCKED)) {
    if (!phrase) throw new Error("口令");
    const decrypter = new Decrypter();
    decrypter.addPassphrase(phrase);
    data = await decrypter.decrypt(bytes, "text");
  }
  const keys = data.split(/\r?\n/).map((line) => line.trim()).filter((line) => line.startsWith("AGE-SECRET-KEY-"));
  if (keys.length !== 1) throw new Error("文件里应有且只有一把 AGE-SECRET-KEY- 开头的私钥");
  return keys[0];
}

export async function openEnvelope(envelope, identity) {
  try {
    if (envelope.algorithm !== ALGORITHM) throw new CannotOpen();
    for (const part of [envelope.token, envelope.hour, envelope.fingerprint]) {
      if (!part || part.includes("|")) throw new CannotOpen();
    }
    const nonce = bytesOf(envelope.nonce);
    const ciphertext = bytesOf(envelope.ciphertext);
    const wraps = Object.entries(envelope.wraps).map(([name, data]) => [name, bytesOf(data)]);
    if (await digest(envelope.algorithm, nonce, ciphertext, wraps) !== envelope.digest) throw new CannotOpen();
    const bound = text.encode(`${ALGORITHM}\0v1|${envelope.token}|${envelope.hour}|${envelope.fingerprint}`);
    const key = await crypto.subtle.importKey("raw", await unwrap(wraps, identity), "AES-GCM", false, ["decrypt"]);
    const padded = new Uint8Array(
      await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce, additionalData: bound, tagLength: 128 }, key, ciphertext),
    );
    const length = Number(new DataView(padded.buffer).getBigUint64(0));
    if (padded.length !== bucket(length)) throw new CannotOpen();
    return JSON.parse(new TextDecoder().decode(padded.subarray(LENGTH, LENGTH + length)));
  } catch {
    throw new CannotOpen(); // one answer for every cause
  }
}

async function unwrap(wraps, identity) {
  for (const [, wrapped] of wraps) {
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    try {
      return await decrypter.decrypt(wrapped);
    } catch {
      continue; // another's
    }
  }
  throw new CannotOpen();
}

function bucket(length) {
  let size = SMALLEST;
  while (size < length + LENGTH) size *= 4;
  return size;
}

async function digest(algorithm, nonce, ciphertext, wraps) {
  const fields = [text.encode(algorithm), nonce, ciphertext];
  for (const [name, data] of [...wraps].sort(([a], [b]) => (a < b ? -1 : 1))) fields.push(text.encode(name), data);
  const whole = new Uint8Array(fields.reduce((sum, one) => sum + LENGTH + one.length, 0));
  let at = 0;
  for (const field of fields) {
    new DataView(whole.buffer).setBigUint64(at, BigInt(field.length));
    whole.set(field, at + LENGTH);
    at += LENGTH + field.length;
  }
  const sum = new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
  return [...sum].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}
