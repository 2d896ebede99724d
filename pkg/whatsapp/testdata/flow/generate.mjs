// Writes vectors.json: requests as WhatsApp encrypts them for a Flow's endpoint,
// and the replies that it would open. It follows Meta's own sample endpoint
// (WhatsApp/WhatsApp-Flows-Tools, examples/endpoint/nodejs/basic/src/encryption.js)
// with Node's crypto and shares no code with the package that is tested.
//
//   node generate.mjs > vectors.json && python3 check.py
//
// Every key in the file was made for it and has never been used for anything.
import crypto from "node:crypto";

const keys = () => crypto.generateKeyPairSync("rsa", { modulusLength: 2048 });
const own = keys();
const other = keys();
const passphrase = "uma frase de exemplo";
const base64 = (b) => b.toString("base64");

function encrypt(plain, o = {}) {
  const aes = o.aes ?? crypto.randomBytes(16);
  const iv = o.iv ?? crypto.randomBytes(16);
  const cipher = crypto.createCipheriv(`aes-${aes.length * 8}-gcm`, aes, iv);
  let sealed = Buffer.concat([cipher.update(plain, "utf-8"), cipher.final(), cipher.getAuthTag()]);
  if (o.spoil) sealed = o.spoil(sealed);
  const wrapped = crypto.publicEncrypt(
    { key: o.to ?? own.publicKey, padding: crypto.constants.RSA_PKCS1_OAEP_PADDING, oaepHash: o.hash ?? "sha256" }, aes);
  const body = { encrypted_flow_data: base64(sealed), encrypted_aes_key: base64(wrapped), initial_vector: base64(iv) };
  return { aes, iv, body };
}

function reply(text, aes, iv) {
  const flipped = Buffer.from(iv.map((b) => ~b));
  const cipher = crypto.createCipheriv("aes-128-gcm", aes, flipped);
  return Buffer.concat([cipher.update(text, "utf-8"), cipher.final(), cipher.getAuthTag()]).toString("base64");
}

function good(name, request, answer, write = JSON.stringify) {
  const plain = typeof request === "string" ? request : JSON.stringify(request);
  const { aes, iv, body } = encrypt(plain);
  const text = JSON.stringify(answer);
  return { name, body: write(body), request: plain, reply: text, sealed: reply(text, aes, iv) };
}

const token = "v1.abcdefghijklmnopqrstuvwxyz234567.1795953600.abcdefghijklmnopqrstuvwxyz234567";
const urlSafe = (body) => JSON.stringify(Object.fromEntries(
  Object.entries(body).map(([k, v]) => [k, v.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")])));
const unpadded = (body) => JSON.stringify(Object.fromEntries(
  Object.entries(body).map(([k, v]) => [k, v.replace(/=+$/, "")])));
const spaced = (body) => "\n" + JSON.stringify({ ...body, later: { field: 1 } }, null, 2) + "\n";

const accepted = [
  good("ping", { version: "3.0", action: "ping" }, { data: { status: "active" } }),
  good("INIT without a screen", { version: "3.0", action: "INIT", flow_token: token },
    { screen: "APPOINTMENT", data: { date: [{ id: "2026-12-01", title: "terça-feira, 1º de dezembro" }] } }),
  good("INIT with empty fields", { version: "3.0", action: "INIT", screen: "", data: {}, flow_token: token },
    { screen: "APPOINTMENT", data: {} }),
  good("data_exchange", { version: "4.0", action: "data_exchange", screen: "DETAILS", flow_token: token,
    data: { name: "Iara", email: "iara@example.com" }, flow_token_signature: "a.b.c" }, { screen: "SUMMARY", data: { summary_text: "ok" } }),
  good("letters of many alphabets", { version: "4.0", action: "data_exchange", screen: "DETAILS", flow_token: token,
    data: { name: "João Conceição 🇧🇷 日本 \u2028 <b>&amp;" } }, { screen: "DETAILS", data: { error_message: "Ops… não deu 😕 <b>" } }),
  good("BACK", { version: "4.0", action: "BACK", screen: "SUMMARY", flow_token: token }, { screen: "DETAILS", data: {} }),
  good("a client's error", { version: "4.0", action: "data_exchange", flow_token: token,
    data: { error: "INVALID_SCREEN_TRANSITION", error_message: "…" } }, { data: { acknowledged: true } }),
  good("the end", { version: "4.0", action: "data_exchange", screen: "SUMMARY", flow_token: token, data: {} },
    { screen: "SUCCESS", data: { extension_message_response: { params: { flow_token: token, date: "2026-12-01" } } } }),
  good("a field of 4 000 characters", { version: "4.0", action: "data_exchange", screen: "DETAILS", flow_token: token,
    data: { need_description: "é".repeat(4000) } }, { screen: "DETAILS", data: { long: "ç".repeat(2000) } }),
  good("an action of tomorrow", { version: "9.0", action: "wave", flow_token: token, data: [1, 2] }, { data: {} }),
  good("the smallest object", "{}", {}),
  good("base64 for addresses", { version: "4.0", action: "ping" }, { data: { status: "active" } }, urlSafe),
  good("base64 without padding", { version: "4.0", action: "ping" }, { data: { status: "active" } }, unpadded),
  good("spaces, and a field of tomorrow", { version: "4.0", action: "ping" }, { data: { status: "active" } }, spaced),
];

const ping = JSON.stringify({ version: "3.0", action: "ping" });
const flip = (at) => (b) => { const c = Buffer.from(b); c[at < 0 ? c.length + at : at] ^= 1; return c; };
const bad = (name, status, o, change = (b) => b, plain = ping) =>
  ({ name, status, body: JSON.stringify(change(encrypt(plain, o).body)) });

const refused = [
  bad("for another key", 421, { to: other.publicKey }),
  bad("OAEP with SHA-1", 421, { hash: "sha1" }),
  bad("a tampered tag", 421, { spoil: flip(-1) }),
  bad("a tampered text", 421, { spoil: flip(0) }),
  bad("cut inside the tag", 421, { spoil: (b) => b.subarray(0, 15) }),
  bad("cut by one byte", 421, { spoil: (b) => b.subarray(0, b.length - 1) }),
  bad("a vector of 12 bytes", 421, { iv: crypto.randomBytes(12) }),
  bad("a key of 32 bytes", 421, { aes: crypto.randomBytes(32) }),
  bad("another vector", 421, {}, (b) => ({ ...b, initial_vector: base64(crypto.randomBytes(16)) })),
  bad("an RSA block that is too short", 421, {}, (b) => ({ ...b, encrypted_aes_key: base64(crypto.randomBytes(32)) })),
  bad("not base64", 400, {}, (b) => ({ ...b, encrypted_flow_data: "!!" + b.encrypted_flow_data })),
  bad("a field that is missing", 400, {}, (b) => ({ ...b, initial_vector: undefined })),
  bad("a field that is empty", 400, {}, (b) => ({ ...b, encrypted_aes_key: "" })),
  bad("a field that is no text", 400, {}, (b) => ({ ...b, encrypted_aes_key: 7 })),
  bad("an array inside", 400, {}, undefined, "[1,2]"),
  bad("no JSON inside", 400, {}, undefined, "oi"),
  { name: "an array", status: 400, body: "[]" },
  { name: "no JSON", status: 400, body: "{" },
  { name: "nothing", status: 400, body: "" },
];

const pem = (key, o) => key.privateKey.export({ format: "pem", ...o });
process.stdout.write(JSON.stringify({
  about: "Made by generate.mjs, checked by check.py. The keys were made for this file and open nothing else.",
  passphrase,
  keys: {
    pkcs8: pem(own, { type: "pkcs8" }),
    pkcs1: pem(own, { type: "pkcs1" }),
    pkcs1_encrypted: pem(own, { type: "pkcs1", cipher: "des-ede3-cbc", passphrase }),
    pkcs8_encrypted: pem(own, { type: "pkcs8", cipher: "aes-256-cbc", passphrase }),
    small: crypto.generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey.export({ type: "pkcs8", format: "pem" }),
    elliptic: crypto.generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "pkcs8", format: "pem" }),
    public: own.publicKey.export({ type: "spki", format: "pem" }),
  },
  accepted,
  refused,
}, null, 1) + "\n");
