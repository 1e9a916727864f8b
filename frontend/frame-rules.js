// Which rules of RFC 6455 frames break, each on its own and in sequence.

import { decode, isControl, opcodes } from "./frame-codec.js";

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

// decodeAll reads one frame after another, at most max of them. Each is judged by what earlier frames
// in the same run and the same direction began; masked frames are taken to be one direction.
// A frame's start is [run, byte]; rest is the number of bytes after the last frame.
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

// judge lists in frame.problems the rules that the frame breaks, as { rule, section, unless }.
// unless is true where an extension, agreed on in the handshake, would allow it. state holds
// what earlier frames in this direction began: the opcode of an unfinished message, its text
// decoder, and whether there was a close frame.
function judge(frame, state) {
  judgeHeader(frame);
  judgeOrder(frame, state);
  const whole = frame.missing === 0n && !frame.headerCut;
  if (frame.opcode === 0x8) {
    if (frame.length === 1n) breaks(frame, "A close payload cannot be 1 byte long: the status code alone takes 2", "5.5.1");
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
    if (bit) breaks(frame, `RSV${i + 1} is 1, which only an extension can give a meaning`, "5.2", true);
  });
  if (!(frame.opcode in opcodes)) breaks(frame, `Opcode 0x${frame.opcode.toString(16)} is reserved: only an extension can give it a meaning`, "5.2", true);
  if (isControl(frame.opcode)) {
    if (!frame.fin) breaks(frame, "A control frame must not be fragmented, and FIN is 0", "5.5");
    if ((frame.length ?? frame.short) > 125) breaks(frame, "The payload of a control frame is at most 125 bytes", "5.5");
  }
  if (frame.length === null) return;
  if (frame.lengthBytes === 8 && frame.length >> 63n) breaks(frame, "The first bit of a 64-bit length must be 0", "5.2");
  if ((frame.lengthBytes === 2 && frame.length < 126n) || (frame.lengthBytes === 8 && frame.length < 65536n)) {
    const bits = frame.length < 126n ? "the 7 bits of the second byte" : "16 bits";
    breaks(frame, `A length must be in its shortest form: ${frame.length} fits in ${bits}`, "5.2");
  }
}

function judgeOrder(frame, state) {
  if (state.closed && frame.opcode === 0x8) breaks(frame, "A second close frame in the same direction: each side sends one", "5.5.1");
  if (isControl(frame.opcode)) return;
  if (state.closed) breaks(frame, "No data frame may follow a close frame in the same direction", "5.5.1");
  const first = state.begun === undefined;
  if (frame.opcode !== 0 && state.opcode !== undefined) {
    breaks(frame, "The previous message is not finished: its next frame must be a continuation", "5.4");
    state.opcode = state.decoder = undefined;
  }
  if (frame.opcode === 0 && state.opcode === undefined && !first) {
    breaks(frame, "A continuation, but the previous message was finished", "5.4");
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

// A fragment may end inside a character, so one decoder reads all of a message.
function judgeText(frame, state, whole) {
  const opcode = frame.opcode || state.opcode;
  frame.messageOpcode = opcode;
  if (frame.extended) return; // compressed, for example: only the extension can read it
  if (frame.opcode === 0x1) state.decoder = new TextDecoder("utf-8", strict);
  if (opcode !== 0x1) return;
  const text = state.decoder && decodeText(state.decoder, frame.payload, !whole || !frame.fin);
  frame.text = text ?? lossy(frame.payload);
  if (text === null) {
    breaks(frame, "The text is not UTF-8", "8.1");
    state.decoder = undefined; // reported once per message
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

// closeCodeName returns what a status code means.
export function closeCodeName(code) {
  if (code in statusCodes) return statusCodes[code];
  if (code === 1004) return "reserved";
  if (code === 1005) return "no status code: only an API reports this, it is never sent";
  if (code === 1006) return "no close frame: only an API reports this, it is never sent";
  if (code === 1015) return "TLS handshake failed: only an API reports this, it is never sent";
  if (code >= 3000 && code <= 3999) return "registered for a library or framework";
  if (code >= 4000 && code <= 4999) return "private to the application";
  return code < 1000 ? "not used" : "not defined";
}

// closeCodeBroken returns the section that forbids to send code, or "".
function closeCodeBroken(code) {
  if (code in statusCodes || (code >= 3000 && code <= 4999)) return "";
  return code === 1004 || code === 1005 || code === 1006 || code === 1015 ? "7.4.1" : "7.4.2";
}
