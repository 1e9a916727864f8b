// From pasted text to bytes, from bytes to frames, and back: pure functions that
// know no page, after RFC 6455, sections 5 and 7.

export const maxBytes = 66_000; // a 64 KiB frame and its header: what lies beyond is left out
const maxChars = 420_000; // no usual way of writing a byte takes more than 6 characters

export const opcodes = {
  0x0: ["continuation", "goes on with the message that an earlier frame began"],
  0x1: ["text", "the payload is text in UTF-8"],
  0x2: ["binary", "the payload is bytes, of whatever kind"],
  0x8: ["close", "the sender is leaving and sends nothing after this"],
  0x9: ["ping", "asks the other side for a pong with the same payload"],
  0xa: ["pong", "answers a ping"],
};

const statusCodes = {
  1000: "normal closure",
  1001: "going away",
  1002: "protocol error",
  1003: "unsupported data",
  1007: "invalid frame payload data",
  1008: "policy violation",
  1009: "message too big",
  1010: "mandatory extension missing",
  1011: "internal server error",
  1012: "service restart",
  1013: "try again later",
  1014: "bad gateway",
};

// --- pasted text to bytes ---

// parseBytes reads bytes as people and programs write them. The result is a list of
// runs, { runs: [Uint8Array, …], cut }, one for each link in the text and one in all if
// there is none; cut says that there was more than maxBytes. Or it is { error }.
export function parseBytes(source) {
  const cutSource = source.length > maxChars;
  const text = source.slice(0, maxChars).trim();
  const links = [...text.matchAll(/(?:frame\.html|^)#([0-9a-f]+(?:,[0-9a-f]+)*)(?![0-9a-z])/gi)].map((m) => m[1]);
  const parts = (links.length > 0 ? links : [text]).flatMap(splitRuns);
  const runs = [];
  let room = maxBytes;
  let cut = cutSource;
  for (const part of parts) {
    const { values, error } = parseRun(part, cutSource && part === parts.at(-1));
    if (error) return { error };
    cut ||= values.length > room;
    const run = Uint8Array.from(values.slice(0, room));
    room -= run.length;
    if (run.length > 0) runs.push(run);
  }
  return { runs, cut };
}

// A comma between long stretches of hex keeps apart frames that were cut short.
function splitRuns(text) {
  return /^[\da-f]+(,[\da-f]+)+$/i.test(text) && /[\da-f]{4}/i.test(text) ? text.split(",") : [text];
}

function parseRun(text, cutSource) {
  if (isQuoted(text)) return parseQuoted(text);
  let body = withoutDump(text)
    .replace(/^(?:\d{4}\/\d\d\/\d\d [\d:.]+ )?(?:[a-z]*[g-z][a-z]*:? )*/gim, " ") // 2006/01/02 15:04:05 received
    .replace(/\.\.\.\s*\d+\s*more\s+\w+|\.\.\.|…/g, " ") // Node's <Buffer 81 05 ... 9 more bytes>
    .replace(/\[\d*\](?=byte|uint8)/g, " ")
    .replace(/\b(?:Uint8Array|bytearray|bytes?|uint8)\b(?:\(\d+\))?/g, " ");
  const lists = body.match(/[[{][^\]}]*/g); // what a program prints in brackets is decimal, unless it cannot be
  const inside = lists ?? body.match(/<Buffer[^>]*/g);
  if (inside) body = inside.join(" ").replace(/[[{]|<Buffer/g, " ");
  const tokens = body.split(/[\s,:;<>()|_"'`-]+/).filter(Boolean);
  if (cutSource && tokens.length > 0) { // the last one may have been cut in the middle
    const last = tokens.pop();
    if (last.length > 6) tokens.push(last.slice(0, last.length - (last.length % 2)));
  }
  const decimal = tokens.every((t) => /^(?!0\d$)\d{1,3}$/.test(t)) && (lists || tokens.some((t) => t.length === 3));
  const values = [];
  for (const token of tokens) {
    const error = decimal ? readDecimal(token, values) : readHex(token, values);
    if (error) return { error };
  }
  return { values };
}

function readDecimal(token, values) {
  if (Number(token) > 255) return `“${token}” is not a byte: the largest is 255.`;
  values.push(Number(token));
}

function readHex(token, values) {
  const digits = token.replace(/^0x(?=.$)/i, "0").replace(/^0x/i, ""); // Go writes 0x5 for one byte
  const bad = /[^0-9a-f]/i.exec(digits);
  const shown = token.length > 24 ? token.slice(0, 24) + "…" : token;
  if (bad) return `“${bad[0]}” in “${shown}” is not a hex digit.`;
  if (digits.length % 2 === 1) {
    return `“${shown}” has ${digits.length === 1 ? "one hex digit" : "an odd number of hex digits"}: a byte is two.`;
  }
  for (let i = 0; i < digits.length; i += 2) values.push(parseInt(digits.slice(i, i + 2), 16));
}

// A dump has the offset in front of each line, and often the characters behind it
// (hexdump -C, xxd, Go's hex.Dump). They are left out.
function withoutDump(text) {
  if (!/^(?:0x)?(?:0{4,8}(?::\s|\s\s)|0{6,7} [0-9a-f]{2}\b)/i.test(text)) return text;
  return text.split("\n").map((line) => {
    const bytes = line.trim().replace(/^(?:0x)?[0-9a-f]{4,8}(?::\s*|\s+|$)/i, "");
    return /\s\s\|/.test(bytes) ? bytes.replace(/\s\s\|.*$/, "") : bytes.split(/\s{2,}/)[0];
  }).join(" ");
}

const escapes = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, 0: 0 };

function isQuoted(text) {
  return /\\x[0-9a-f]{2}/i.test(text);
}

// parseQuoted reads a string with \x escapes, as Go's %q and Python print it.
function parseQuoted(text) {
  const inside = /^[\w\s(]*(["'`])([^]*)\1[\s)]*$/.exec(text);
  const values = [];
  for (const [part] of (inside ? inside[2] : text).matchAll(/\\x[0-9a-f]{2}|\\u[0-9a-f]{4}|\\[^]|[^\\]+/gi)) {
    if (/^\\x/i.test(part)) values.push(parseInt(part.slice(2), 16));
    else if (/^\\u[0-9a-f]/i.test(part)) values.push(...utf8(String.fromCharCode(parseInt(part.slice(2), 16))));
    else if (part[0] === "\\") values.push(...(part[1] in escapes ? [escapes[part[1]]] : utf8(part[1])));
    else values.push(...utf8(part));
  }
  return { values };
}

export function utf8(text) {
  return new TextEncoder().encode(text);
}

// toHex writes bytes as two digits each.
export function toHex(bytes, separator = "") {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join(separator);
}

// --- bytes to frames ---

// decodeAll reads one frame after another, at most max of them, and holds each to what
// the frames before it in the same direction began. { frames, rest } has in rest how
// many bytes lie behind the last frame.
export function decodeAll(runs, max = Infinity) {
  const frames = [];
  const directions = { true: {}, false: {} };
  let rest = 0;
  for (const run of runs) {
    for (let at = 0; at < run.length; ) {
      if (frames.length >= max) {
        rest += run.length - at;
        break;
      }
      const frame = decode(run.subarray(at));
      judge(frame, directions[frame.masked]);
      frames.push(frame);
      at += frame.size;
    }
  }
  return { frames, rest };
}

// decode reads the first frame of bytes. What is not there (the bytes may be cut short
// anywhere) is null, and missing counts it; it is a lower bound as long as the header
// is not whole, which headerCut says.
export function decode(bytes) {
  const [first, second] = bytes;
  const short = bytes.length < 2 ? null : second & 0x7f;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  const masked = bytes.length >= 2 && (second & 0x80) !== 0;
  const keyAt = 2 + lengthBytes;
  const headerSize = keyAt + (masked ? 4 : 0);
  const long = lengthBytes > 0 && bytes.length >= keyAt ? bigEndian(bytes.subarray(2, keyAt)) : null;
  const length = lengthBytes === 0 ? (short === null ? null : BigInt(short)) : long;
  const headerCut = bytes.length < headerSize || length === null;
  const whole = BigInt(headerSize) + (length ?? 0n);
  const size = BigInt(bytes.length) < whole ? bytes.length : Number(whole);
  const key = masked && bytes.length >= headerSize ? bytes.slice(keyAt, headerSize) : null;
  const raw = bytes.slice(Math.min(headerSize, size), size);
  return {
    bytes: bytes.slice(0, size),
    size,
    fin: (first & 0x80) !== 0,
    rsv: [(first & 0x40) !== 0, (first & 0x20) !== 0, (first & 0x10) !== 0],
    opcode: first & 0x0f,
    masked,
    short,
    lengthBytes,
    length,
    key,
    keyAt,
    headerSize,
    headerCut,
    missing: whole - BigInt(size),
    raw,
    payload: key ? mask(raw, key) : raw,
    problems: [],
  };
}

// mask is its own inverse: a byte XORed twice with the same byte is what it was.
export function mask(bytes, key) {
  return bytes.map((b, i) => b ^ key[i % 4]);
}

function bigEndian(bytes) {
  return bytes.reduce((n, b) => (n << 8n) | BigInt(b), 0n);
}

function isControl(opcode) {
  return opcode >= 8;
}

// --- the rules ---

// judge lists in frame.problems which rules the frame breaks, as { rule, section }.
// state remembers what the direction's earlier frames began: the opcode of a message
// whose fragments go on, its decoder, and whether there was a close frame.
function judge(frame, state) {
  judgeHeader(frame);
  judgeOrder(frame, state);
  const whole = frame.missing === 0n && !frame.headerCut;
  if (frame.opcode === 0x8) {
    if (frame.length === 1n) breaks(frame, "A close payload of 1 byte cannot be: the status code alone takes 2", "5.5.1");
    else if (frame.payload.length >= 2) judgeClose(frame, whole);
    state.closed = true;
  } else if (!isControl(frame.opcode)) {
    judgeText(frame, state, whole);
    state.opcode = frame.fin ? undefined : state.opcode ?? frame.opcode;
  }
}

function judgeHeader(frame) {
  frame.rsv.forEach((bit, i) => {
    if (bit) breaks(frame, `RSV${i + 1} is 1, and no extension was agreed on that gives it a meaning`, "5.2");
  });
  if (!(frame.opcode in opcodes)) breaks(frame, `Opcode 0x${frame.opcode.toString(16)} is reserved`, "5.2");
  if (isControl(frame.opcode)) {
    if (!frame.fin) breaks(frame, "A control frame must not be fragmented, and FIN is 0", "5.5");
    if ((frame.length ?? frame.short) > 125) breaks(frame, "A control frame has at most 125 bytes of payload", "5.5");
  }
  if (frame.length === null) return;
  if (frame.lengthBytes === 8 && frame.length >> 63n) breaks(frame, "The first bit of a 64-bit length must be 0", "5.2");
  if ((frame.lengthBytes === 2 && frame.length < 126n) || (frame.lengthBytes === 8 && frame.length < 65536n)) {
    const bits = frame.length < 126n ? "the 7 bits of the second byte" : "16 bits";
    breaks(frame, `A length has to be in its shortest form: ${frame.length} fits in ${bits}`, "5.2");
  }
}

function judgeOrder(frame, state) {
  if (isControl(frame.opcode)) return;
  if (state.closed) breaks(frame, "No data frame may follow a close frame in the same direction", "5.5.1");
  const first = state.begun === undefined;
  if (frame.opcode !== 0 && state.opcode !== undefined) {
    breaks(frame, "The message before this one is not finished: its next frame has to be a continuation", "5.4");
    state.opcode = state.decoder = undefined;
  }
  if (frame.opcode === 0 && state.opcode === undefined && !first) {
    breaks(frame, "A continuation, but the message before it was finished", "5.4");
  }
  state.begun = true;
}

function judgeClose(frame, whole) {
  const code = (frame.payload[0] << 8) | frame.payload[1];
  frame.code = code;
  frame.codeName = closeCodeName(code);
  const section = closeCodeBroken(code);
  if (section) breaks(frame, `Status code ${code} must not be sent in a close frame`, section);
  const reason = decodeText(new TextDecoder("utf-8", strict), frame.payload.subarray(2), !whole);
  frame.text = reason ?? lossy(frame.payload.subarray(2));
  if (reason === null) breaks(frame, "The reason is not UTF-8", "5.5.1");
}

// A fragment may end inside a character, so one decoder goes through all of a message.
function judgeText(frame, state, whole) {
  const opcode = frame.opcode || state.opcode;
  frame.messageOpcode = opcode;
  if (frame.opcode === 0x1) state.decoder = new TextDecoder("utf-8", strict);
  if (opcode !== 0x1) return;
  const text = state.decoder && decodeText(state.decoder, frame.payload, !whole || !frame.fin);
  frame.text = text ?? lossy(frame.payload);
  if (text === null) {
    breaks(frame, "The text is not UTF-8", "8.1");
    state.decoder = undefined; // reported once a message
  } else if (state.decoder) {
    const before = frame.opcode === 0x1 ? "" : state.text;
    state.text = before + text;
    if (frame.opcode === 0 && frame.fin) frame.together = state.text;
  }
  if (!whole) state.decoder = undefined;
}

const strict = { fatal: true, ignoreBOM: true };

function decodeText(decoder, bytes, more) {
  try {
    return decoder.decode(bytes, { stream: more });
  } catch {
    return null;
  }
}

function lossy(bytes) {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function breaks(frame, rule, section) {
  frame.problems.push({ rule, section });
}

export function closeCodeName(code) {
  if (code in statusCodes) return statusCodes[code];
  if (code === 1004) return "reserved";
  if (code === 1005) return "no status code: an API says so when there was none, nobody sends it";
  if (code === 1006) return "no close frame: an API says so when there was none, nobody sends it";
  if (code === 1015) return "TLS handshake failed: an API says so, nobody sends it";
  if (code >= 3000 && code <= 3999) return "registered for a library or framework";
  if (code >= 4000 && code <= 4999) return "private to the application";
  return code < 1000 ? "not used" : "not defined";
}

// closeCodeBroken is the section that keeps code off the wire, or "".
function closeCodeBroken(code) {
  if (code in statusCodes || (code >= 3000 && code <= 4999)) return "";
  return code === 1004 || code === 1005 || code === 1006 || code === 1015 ? "7.4.1" : "7.4.2";
}

// --- and back ---

// encode makes a frame, its length in the shortest form; key is null for one without mask.
export function encode({ fin = true, opcode, key = null, payload }) {
  const n = payload.length;
  const form = n < 126 ? n : n < 65536 ? 126 : 127;
  const lengthBytes = form === 126 ? 2 : form === 127 ? 8 : 0;
  const head = [(fin ? 0x80 : 0) | opcode, (key ? 0x80 : 0) | form];
  for (let i = lengthBytes - 1; i >= 0; i--) head.push(Number((BigInt(n) >> BigInt(8 * i)) & 0xffn));
  const frame = new Uint8Array(head.length + (key ? 4 : 0) + n);
  frame.set(head);
  if (key) frame.set(key, head.length);
  frame.set(key ? mask(payload, key) : payload, frame.length - n);
  return frame;
}

// closePayload is what a close frame carries: the status code in two bytes, then the reason.
export function closePayload(code, reason) {
  return Uint8Array.from([(code >> 8) & 0xff, code & 0xff, ...utf8(reason)]);
}

// --- what a frame consists of ---

// fields lists the parts of the header in their order, each with the bit it begins at,
// how many bits it has, its value, and its meaning in one line. The payload comes last.
export function fields(frame) {
  const all = [];
  let at = 0;
  const add = (id, name, bits, value, meaning) => {
    all.push({ id, name, at, bits, value, meaning, there: at + bits <= frame.size * 8 });
    at += bits;
  };
  add("fin", "FIN", 1, bit(frame.fin), frame.fin ? "1: the message ends with this frame" : "0: more frames of this message follow");
  frame.rsv.forEach((set, i) => add(`rsv${i + 1}`, `RSV${i + 1}`, 1, bit(set),
    set ? "1: reserved for an extension" : "0: no extension uses it"));
  const [name, meaning] = opcodes[frame.opcode] ?? ["reserved", "no meaning is defined for it"];
  add("opcode", "opcode", 4, `0x${frame.opcode.toString(16)}`, `${name}: ${meaning}`);
  add("mask", "MASK", 1, bit(frame.masked), frame.short === null ? "missing" : frame.masked
    ? "1: masked, so it comes from a client" : "0: not masked, so it comes from a server");
  add("length", "payload length", 7, String(frame.short ?? "?"), lengthMeaning(frame));
  if (frame.lengthBytes > 0) {
    add("longer", `${frame.lengthBytes * 8}-bit length`, frame.lengthBytes * 8, frame.length?.toLocaleString("en") ?? "?",
      frame.length === null ? "missing in part" : `${count(frame.length)} of payload, the most significant byte first`);
  }
  if (frame.masked) {
    add("key", "masking key", 32, frame.key ? toHex(frame.key, " ") : "?",
      frame.key ? "byte i of the payload is XORed with byte i mod 4 of the key" : "missing in part");
  }
  const bits = frame.raw.length * 8;
  all.push({ id: "payload", name: "payload", at, bits, value: count(frame.length ?? 0n), there: bits > 0, meaning: payloadMeaning(frame) });
  return all;
}

function bit(set) {
  return set ? "1" : "0";
}

function lengthMeaning({ short }) {
  if (short === null) return "missing";
  if (short === 126) return "126: the length is in the next 16 bits";
  if (short === 127) return "127: the length is in the next 64 bits";
  return `${count(short)} of payload`;
}

function payloadMeaning(frame) {
  if (frame.length === null) return "how long it is, the missing bytes would say";
  if (frame.length === 0n) return "empty";
  if (frame.missing > 0n) return `${count(frame.raw.length)} of ${frame.length.toLocaleString("en")} are here`;
  return frame.masked ? "masked" : "as it is, without a mask";
}

export function count(n) {
  return `${n.toLocaleString("en")} ${BigInt(n) === 1n ? "byte" : "bytes"}`;
}
