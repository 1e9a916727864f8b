// From bytes to a frame, and back: RFC 6455, sections 5.2 and 5.3. Pure functions, without a page.

export const opcodes = {
  0x0: ["continuation", "goes on with the message that an earlier frame began"],
  0x1: ["text", "the payload is text in UTF-8"],
  0x2: ["binary", "the payload is bytes of any kind"],
  0x8: ["close", "the sender is leaving and sends nothing after this"],
  0x9: ["ping", "asks the other side for a pong with the same payload"],
  0xa: ["pong", "answers a ping"],
};

export function isControl(opcode) {
  return opcode >= 8;
}

// decode reads the first frame of bytes, which may be cut short anywhere. Fields that are not there
// are null. missing is the number of bytes that are not there; if the header is not complete
// (headerCut), it is a lower bound.
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

// mask is its own inverse: XORing a byte twice with the same byte gives the original byte.
export function mask(bytes, key) {
  return bytes.map((b, i) => b ^ key[i % 4]);
}

function bigEndian(bytes) {
  return bytes.reduce((n, b) => (n << 8n) | BigInt(b), 0n);
}

// encode makes a frame, with its length in the shortest form; without a key, it is not masked.
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

// closePayload is the payload of a close frame: the status code in two bytes, then the reason.
export function closePayload(code, reason) {
  return Uint8Array.from([(code >> 8) & 0xff, code & 0xff, ...utf8(reason)]);
}

export function utf8(text) {
  return new TextEncoder().encode(text);
}

// toHex writes bytes as two digits each.
export function toHex(bytes, separator = "") {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join(separator);
}

export function hexByte(b) {
  return b.toString(16).padStart(2, "0");
}

// count formats a number of bytes.
export function count(n) {
  return `${n.toLocaleString("en")} ${BigInt(n) === 1n ? "byte" : "bytes"}`;
}
