// The fields of a frame, and what each means.

import { count, isControl, opcodes, toHex } from "./frame-codec.js";

// fields lists the fields of the header in order, each with its first bit, its number of bits,
// its value, and its meaning in one line. The payload comes last.
export function fields(frame) {
  const all = [];
  let at = 0;
  const add = (id, name, bits, value, meaning) => {
    all.push({ id, name, at, bits, value, meaning, there: at + bits <= frame.size * 8 });
    at += bits;
  };
  add("fin", "FIN", 1, bit(frame.fin), finMeaning(frame));
  frame.rsv.forEach((set, i) => add(`rsv${i + 1}`, `RSV${i + 1}`, 1, bit(set),
    set ? "1: its meaning comes from an extension" : "0: not used"));
  const [name, meaning] = opcodes[frame.opcode] ?? ["reserved", "no meaning is defined for it"];
  add("opcode", "opcode", 4, `0x${frame.opcode.toString(16)}`, `${name}: ${meaning}`);
  add("mask", "MASK", 1, bit(frame.masked), frame.short === null ? "missing" : frame.masked
    ? "1: masked, as from a client" : "0: not masked, as from a server");
  add("length", "payload length", 7, String(frame.short ?? "?"), lengthMeaning(frame));
  if (frame.lengthBytes > 0) {
    add("longer", `${frame.lengthBytes * 8}-bit length`, frame.lengthBytes * 8, frame.length?.toLocaleString("en") ?? "?",
      frame.length === null ? "incomplete" : `${count(frame.length)} of payload, the most significant byte first`);
  }
  if (frame.masked) {
    add("key", "masking key", 32, frame.key ? toHex(frame.key, " ") : "?",
      frame.key ? "the payload is XORed with it, 4 bytes at a time" : "incomplete");
  }
  const bits = frame.raw.length * 8;
  all.push({ id: "payload", name: "payload", at, bits, value: frame.length === null ? "?" : count(frame.length), there: bits > 0, meaning: payloadMeaning(frame) });
  return all;
}

function bit(set) {
  return set ? "1" : "0";
}

function finMeaning({ fin, opcode }) {
  if (isControl(opcode)) return fin ? "1: complete, as a control frame must be" : "0: not complete, but a control frame must be";
  return fin ? "1: the message ends with this frame" : "0: more frames of this message follow";
}

function lengthMeaning({ short }) {
  if (short === null) return "missing";
  if (short === 126) return "126: the length is in the next 16 bits";
  if (short === 127) return "127: the length is in the next 64 bits";
  return `${count(short)} of payload`;
}

function payloadMeaning(frame) {
  if (frame.length === null) return "its length is not complete";
  if (frame.length === 0n) return "empty";
  if (frame.missing > 0n) return `${count(frame.raw.length)} of ${frame.length.toLocaleString("en")} are here`;
  return frame.masked ? "masked" : "not masked";
}
