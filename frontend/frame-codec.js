// From pasted text to bytes, from bytes to frames, and back: pure functions that
// know no page, after RFC 6455, sections 5 and 7.

export const maxBytes = 66_000; // a 64 KiB frame and its header: what lies beyond is left out
const maxChars = 400_000; // no usual form of a byte takes more than 6 characters
const maxLines = 5000; // browsers lay out a text area's lines slowly

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

const forms = "This page reads hex (81 05 48 65), binary digits in eights, a line of step 3’s log, and its own links.";

// parseBytes reads bytes in the forms that cannot be taken for anything else: hex, as pairs of digits
// or in one stretch; binary digits in groups of eight; lines of the log of step 3; links to this page, or
// what stands behind their #. The result is { runs: [Uint8Array, …], cut, binary }: a run for each link,
// each line of the log and each stretch between commas, as nobody knows whether they belong to the same
// connection. cut says that there was more than maxBytes. Or it is { error, tooLong }.
export function parseBytes(source) {
  const lines = source.length > maxChars ? [] : source.split("\n", maxLines + 1);
  if (source.length > maxChars || lines.length > maxLines) {
    return { tooLong: true, error: "This is too long: at most 400,000 characters and 5,000 lines are read." };
  }
  const text = lines.map((line) => line.trim()).join("\n").trim();
  const binary = /^[01]{8}(\s+[01]{8})*$/.test(text);
  if (!binary && /^[01\s,]+$/.test(text) && /[01]{8}/.test(text)) {
    return { error: `This can be binary or hex: leave a space between two bytes. ${forms}` };
  }
  const runs = [];
  let room = maxBytes;
  let cut = false;
  for (const part of splitRuns(text)) {
    const { values, error } = readRun(part, binary ? 2 : 16);
    if (error) return { error };
    if (isHTTP(values)) return { error: "These bytes are text of HTTP, no frame: frames begin behind the empty line that ends the handshake." };
    cut ||= values.length > room;
    if (values.length > 0 && room > 0) runs.push(Uint8Array.from(values.slice(0, room)));
    room -= values.length;
  }
  return { runs, cut, binary };
}

function splitRuns(text) {
  const links = [...text.matchAll(/(?:frame\.html|^)#([0-9a-f,]+)(?![0-9a-z,])/gi)];
  if (links.length > 0 && links.length === text.split("#").length - 1) return links.flatMap((m) => m[1].split(","));
  if (/^[0-9a-f]{4,}(,[0-9a-f]{4,})+$/i.test(text)) return text.split(",");
  const log = [...text.matchAll(/^(?:\d{4}\/\d\d\/\d\d [\d:.]+ )?received ([0-9a-f ]+)$/gim)].map((m) => m[1]);
  return log.length > 0 ? log : [text.replace(/^#/, "")];
}

function readRun(text, base) {
  const bad = /[^0-9a-fx\s,:;-]/iu.exec(text);
  if (bad) return { error: `“${bad[0]}” is not a hex digit. ${forms}` };
  if (/(?:^|[\s,])-\d/.test(text)) return { error: `This has a minus sign: are these decimal numbers? ${forms}` };
  const tokens = text.split(/[\s,;-]+|:(?!\s)/).filter(Boolean);
  if (tokens.length > 1 && /^(0x)?0{4}|^0x...|^...+:$/.test(tokens[0])) {
    return { error: `“${shorten(tokens[0])}” is an offset, as dumps have it: take the bytes alone, without offsets and text.` };
  }
  const values = [];
  for (const token of tokens) {
    const error = base === 16 ? readHex(token, values) : values.push(parseInt(token, 2)) && undefined;
    if (error) return { error: `${error} ${forms}` };
  }
  return { values };
}

function readHex(token, values) {
  const digits = token.replace(/^0x(?=.$)/i, "0").replace(/^0x/i, ""); // Go writes 0x5
  if (/^\d{3}$/.test(digits)) return `“${token}” is not two hex digits: is it a decimal number?`;
  if (/^0b[01]{3,}$/i.test(token)) return `“${shorten(token)}” can be binary or hex.`;
  if (/x/i.test(digits) || digits === "") return `“${shorten(token)}” is not hex.`;
  if (digits.length % 2 === 1) return `“${shorten(token)}” has ${digits.length === 1 ? "one hex digit" : "an odd number of hex digits"}: a byte is two.`;
  for (let i = 0; i < digits.length; i += 2) values.push(parseInt(digits.slice(i, i + 2), 16));
}

function shorten(token) {
  return token.length > 24 ? token.slice(0, 24) + "…" : token;
}

function isHTTP(bytes) {
  return /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) |^HTTP\/\d/.test(String.fromCharCode(...bytes.slice(0, 8)));
}

export function utf8(text) {
  return new TextEncoder().encode(text);
}

// toHex writes bytes as two digits each.
export function toHex(bytes, separator = "") {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join(separator);
}

// --- bytes to frames ---

// decodeAll reads one frame after another, at most max of them. It holds each to what the
// frames before it in the same run began: in the same direction, as far as the masks tell it.
// A frame's start is [run, byte]; rest counts the bytes behind the last frame.
export function decodeAll(runs, max = Infinity) {
  const frames = [];
  let rest = 0;
  runs.forEach((run, i) => {
    const directions = { true: {}, false: {} };
    for (let at = 0; at < run.length; ) {
      if (frames.length >= max) {
        rest += run.length - at;
        break;
      }
      const frame = decode(run.subarray(at));
      frame.start = [i, at];
      judge(frame, directions[frame.masked]);
      frames.push(frame);
      at += frame.size;
    }
  });
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

// judge lists in frame.problems which rules the frame breaks, as { rule, section, unless }.
// unless is true where an extension, agreed on in the handshake, would make it right.
// state remembers what the direction's earlier frames began: the opcode of a message
// whose fragments go on, its decoder, and whether there was a close frame.
function judge(frame, state) {
  judgeHeader(frame);
  judgeOrder(frame, state);
  const whole = frame.missing === 0n && !frame.headerCut;
  if (frame.opcode === 0x8) {
    if (frame.length === 1n) breaks(frame, "A close payload of 1 byte cannot be: the status code alone takes 2", "5.5.1");
    else if (frame.payload.length >= 2 && !frame.extended) judgeClose(frame, whole);
    state.closed = true;
  } else if (!isControl(frame.opcode)) {
    if (frame.opcode !== 0) state.extended = frame.extended;
    frame.extended ||= state.extended;
    judgeText(frame, state, whole);
    state.opcode = frame.fin ? undefined : state.opcode ?? frame.opcode;
  }
}

function judgeHeader(frame) {
  frame.extended = frame.rsv.includes(true);
  frame.rsv.forEach((bit, i) => {
    if (bit) breaks(frame, `RSV${i + 1} is 1, and only an extension can give that a meaning`, "5.2", true);
  });
  if (!(frame.opcode in opcodes)) breaks(frame, `Opcode 0x${frame.opcode.toString(16)} is reserved: only an extension can give it a meaning`, "5.2", true);
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
  if (state.closed && frame.opcode === 0x8) breaks(frame, "A second close frame in the same direction: each side sends one", "5.5.1");
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
  if (frame.extended) return; // a compressed message, for example: only its extension can read it
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

function breaks(frame, rule, section, unless = false) {
  frame.problems.push({ rule, section, unless });
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
  add("fin", "FIN", 1, bit(frame.fin), finMeaning(frame));
  frame.rsv.forEach((set, i) => add(`rsv${i + 1}`, `RSV${i + 1}`, 1, bit(set),
    set ? "1: means what an extension says" : "0: not used"));
  const [name, meaning] = opcodes[frame.opcode] ?? ["reserved", "no meaning is defined for it"];
  add("opcode", "opcode", 4, `0x${frame.opcode.toString(16)}`, `${name}: ${meaning}`);
  add("mask", "MASK", 1, bit(frame.masked), frame.short === null ? "missing" : frame.masked
    ? "1: masked, as from a client" : "0: not masked, as from a server");
  add("length", "payload length", 7, String(frame.short ?? "?"), lengthMeaning(frame));
  if (frame.lengthBytes > 0) {
    add("longer", `${frame.lengthBytes * 8}-bit length`, frame.lengthBytes * 8, frame.length?.toLocaleString("en") ?? "?",
      frame.length === null ? "missing in part" : `${count(frame.length)} of payload, the most significant byte first`);
  }
  if (frame.masked) {
    add("key", "masking key", 32, frame.key ? toHex(frame.key, " ") : "?",
      frame.key ? "the payload is XORed with it, 4 bytes at a time" : "missing in part");
  }
  const bits = frame.raw.length * 8;
  all.push({ id: "payload", name: "payload", at, bits, value: frame.length === null ? "?" : count(frame.length), there: bits > 0, meaning: payloadMeaning(frame) });
  return all;
}

function bit(set) {
  return set ? "1" : "0";
}

function finMeaning({ fin, opcode }) {
  if (isControl(opcode)) return fin ? "1: whole, as a control frame has to be" : "0: not whole, but a control frame has to be";
  return fin ? "1: the message ends with this frame" : "0: more frames of this message follow";
}

function lengthMeaning({ short }) {
  if (short === null) return "missing";
  if (short === 126) return "126: the length is in the next 16 bits";
  if (short === 127) return "127: the length is in the next 64 bits";
  return `${count(short)} of payload`;
}

function payloadMeaning(frame) {
  if (frame.length === null) return "the missing bytes would say how long it is";
  if (frame.length === 0n) return "empty";
  if (frame.missing > 0n) return `${count(frame.raw.length)} of ${frame.length.toLocaleString("en")} are here`;
  return frame.masked ? "masked" : "as it is, without a mask";
}

export function count(n) {
  return `${n.toLocaleString("en")} ${BigInt(n) === 1n ? "byte" : "bytes"}`;
}
