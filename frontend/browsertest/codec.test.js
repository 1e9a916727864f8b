// The pure half of the frame page: pasted text to bytes, bytes to frames, and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  closeCodeName, closePayload, decode, decodeAll, encode, fields, maxBytes, parseBytes, toHex, utf8,
} from "../frame-codec.js";

const bytesOf = (text) => {
  const { runs, error } = parseBytes(text);
  return error ?? runs.map((run) => toHex(run)).join(",");
};
const frameOf = (text) => decodeAll(parseBytes(text).runs).frames[0];
const framesOf = (text) => decodeAll(parseBytes(text).runs).frames;
const sections = (text) => framesOf(text).map((f) => f.problems.map((p) => p.section).join(" "));
const full = (opcode, payload, more = {}) => toHex(encode({ opcode, payload, ...more }));

test("every usual way to write bytes", () => {
  for (const text of [
    "818537fa213d7f9f4d5158", "81 85 37 fa 21 3d 7f 9f 4d 51 58", "81:85:37:FA:21:3D:7F:9F:4D:51:58",
    "0x81 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58", "0x818537fa213d7f9f4d5158",
    "0x81,0x85,0x37,0xfa,0x21,0x3d,0x7f,0x9f,0x4d,0x51,0x58,", "81,85,37,fa,21,3d,7f,9f,4d,51,58",
    "81-85-37-FA-21-3D-7F-9F-4D-51-58", "8185 37fa 213d 7f9f 4d51 58", "81 85\n37 fa 21 3d\r\n\t7f 9f 4d 51 58\n",
    "<Buffer 81 85 37 fa 21 3d 7f 9f 4d 51 58>", "[129 133 55 250 33 61 127 159 77 81 88]",
    "129 133 55 250 33 61 127 159 77 81 88", "[129, 133, 55, 250, 33, 61, 127, 159, 77, 81, 88]",
    "Uint8Array(11) [129, 133, 55, 250, 33, 61, 127, 159, 77, 81, 88]",
    "[]byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}",
    "[]byte{129, 133, 55, 250, 33, 61, 127, 159, 77, 81, 88}",
    '"\\x81\\x857\\xfa!=\\x7f\\x9fMQX"', "b'\\x81\\x857\\xfa!=\\x7f\\x9fMQX'",
    "00000000  81 85 37 fa 21 3d 7f 9f  4d 51 58                 |..7.!=..MQX|\n0000000b",
    "00000000: 8185 37fa 213d 7f9f 4d51 58              ..7.!=..MQX",
    "2026/01/02 03:04:05 frame http://localhost:8080/frame.html#818537fa213d7f9f4d5158",
    "2026/01/02 03:04:05 received 81 85 37 fa 21\n2026/01/02 03:04:05 received 3d 7f 9f 4d 51 58",
    "http://127.0.0.1:8080/frame.html#818537FA213D7F9F4D5158",
    '2026/01/02 03:04:05 frame http://h/frame.html#818537fa213d7f9f4d5158\n2026/01/02 03:04:05 "ann" says "see #42, \\x07"',
    "received 81 85 37 fa 21\nreceived 3d 7f 9f 4d 51 58", '"818537fa213d7f9f4d5158"', "'818537fa213d7f9f4d5158'",
    "[11]byte{0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58}",
    "0000000 81 85 37 fa 21 3d 7f 9f 4d 51 58\n0000013", "000000 81 85 37 fa 21 3d 7f 9f\n000008 4d 51 58",
  ]) assert.equal(bytesOf(text), "818537fa213d7f9f4d5158", text);
  assert.equal(bytesOf("[]byte{0x81, 0x0}"), "8100");
  assert.equal(bytesOf("[]byte{0x81, 0x5}"), "8105");
  assert.equal(bytesOf("[8 9 10]"), "08090a");
  assert.equal(bytesOf("[81 05 48 65]"), "81054865");
  assert.equal(bytesOf("00000000  81 03 23 34 32                                    |..#42|"), "8103233432");
  assert.equal(bytesOf("00000000: 8103 617c 62                             ..a|b"), "8103617c62");
  assert.equal(bytesOf("10 20"), "1020");
  assert.equal(bytesOf("<Buffer 10 20>"), "1020");
  assert.equal(bytesOf("[129 0]\n[137 0]"), "81008900");
  assert.equal(bytesOf("<Buffer 82 7e 01 00 00 ... 255 more bytes>"), "827e010000");
  assert.equal(bytesOf(" \n"), "");
});

test("several links, also cut short, stay apart, and so they do in an address", () => {
  const two = "frame http://h/frame.html#81fe00c837fa213d7f\nframe http://h/frame.html#898000000000";
  assert.equal(bytesOf(two), "81fe00c837fa213d7f,898000000000");
  assert.equal(bytesOf("81fe00c837fa213d7f,898000000000"), "81fe00c837fa213d7f,898000000000");
  assert.deepEqual(framesOf(two).map((f) => [f.opcode, f.missing]), [[1, 199n], [9, 0n]]);
});

test("what is not bytes is named", () => {
  assert.match(bytesOf("81 0g"), /“g” in “0g” is not a hex digit/);
  assert.match(bytesOf("81 5"), /one hex digit/);
  assert.match(bytesOf("81053"), /odd number/);
  assert.match(bytesOf("[129 256]"), /256.*255/);
  assert.match(bytesOf("<script>alert(1)</script>"), /not a hex digit/);
  assert.match(bytesOf("héllo"), /not a hex digit/);
});

test("a huge paste is cut, fast, and says so", () => {
  const start = performance.now();
  for (const text of ["81".repeat(1e6), "0x81, ".repeat(1e6), "[129 ".repeat(1e6), "a,".repeat(1e6), "#".repeat(1e6), "\\x81".repeat(1e6), "-".repeat(1e6), "<Buffer ".repeat(1e6), "00000000  81 05 \n".repeat(1e5)]) {
    const { cut, error, runs } = parseBytes(text);
    assert.ok(error || (cut && runs.reduce((n, r) => n + r.length, 0) <= maxBytes));
  }
  assert.ok(performance.now() - start < 3000);
  assert.equal(parseBytes("81".repeat(maxBytes)).cut, false);
  assert.equal(parseBytes("81".repeat(maxBytes + 1)).cut, true);
});

test("the examples of RFC 6455, section 5.7", () => {
  const said = (text) => framesOf(text).map((f) => [f.opcode, f.fin, f.masked, new TextDecoder().decode(f.payload)]);
  assert.deepEqual(said("810548656c6c6f"), [[1, true, false, "Hello"]]);
  assert.deepEqual(said("818537fa213d7f9f4d5158"), [[1, true, true, "Hello"]]);
  assert.deepEqual(said("010348656c80026c6f"), [[1, false, false, "Hel"], [0, true, false, "lo"]]);
  assert.equal(framesOf("010348656c80026c6f")[1].together, "Hello");
  assert.deepEqual(said("890548656c6c6f8a8537fa213d7f9f4d5158"), [[9, true, false, "Hello"], [10, true, true, "Hello"]]);
  for (const n of [256, 65536]) {
    const frame = frameOf(full(2, new Uint8Array(n)));
    assert.deepEqual([frame.length, frame.missing, frame.problems], [BigInt(n), 0n, []]);
  }
});

test("encode and decode are each other's inverse, and lengths take their shortest form", () => {
  for (const n of [0, 1, 125, 126, 127, 65535, 65536]) {
    for (const key of [null, [0, 0, 0, 0], [1, 2, 254, 255]]) {
      for (const fin of [true, false]) {
        const payload = Uint8Array.from({ length: n }, (_, i) => i * 7);
        const bytes = encode({ opcode: 2, fin, key, payload });
        const frame = decode(bytes);
        assert.deepEqual(frame.payload, payload);
        assert.deepEqual([frame.fin, frame.opcode, frame.masked, frame.size], [fin, 2, key !== null, bytes.length]);
        assert.equal(bytes.length, n + 2 + (n > 65535 ? 8 : n > 125 ? 2 : 0) + (key ? 4 : 0));
        assert.deepEqual(sections(toHex(bytes)), [""]);
      }
    }
  }
});

test("a frame may be cut short anywhere", () => {
  const whole = full(1, utf8("é".repeat(100)), { key: [1, 2, 3, 4] });
  for (let n = 1; n < whole.length / 2; n++) {
    const frame = frameOf(whole.slice(0, 2 * n));
    assert.equal(frame.problems.length, 0, `${n} bytes`);
    assert.equal(frame.size, n);
    assert.equal(frame.headerCut, n < 8);
    if (n >= 8) assert.equal(frame.missing, BigInt(208 - n));
    assert.ok(frame.missing > 0n);
    assert.ok(fields(frame).length >= 7);
  }
});

test("each rule that bytes can break, with its section", () => {
  const rules = {
    "c100": "5.2", "a100": "5.2", "9100": "5.2", "f100": "5.2 5.2 5.2", // reserved bits
    "8300": "5.2", "8700": "5.2", "8b00": "5.2", "8f00": "5.2", // reserved opcodes
    "0900": "5.5", "0a00": "5.5", "0800": "5.5", // control frames in fragments
    "897e007e": "5.5", "897f0000000000010000": "5.5", "897e": "5.5", // or too long
    "817e0005": "5.2", "817e007d": "5.2", "817f0000000000000005": "5.2", "817f000000000000ffff": "5.2", // not the shortest form
    "897e0005": "5.2",
    "817f8000000000000000": "5.2", "817fffffffffffffffff": "5.2", // the top bit
    "880103": "5.5.1", // one byte of close payload
    "880203e7": "7.4.2", "88020000": "7.4.2", "880203ec": "7.4.1", "880203ed": "7.4.1", "880203ee": "7.4.1", "880203f7": "7.4.1",
    "880203f8": "7.4.2", "88020bb7": "7.4.2", "88021388": "7.4.2", "8802ffff": "7.4.2",
    "880303e8ff": "5.5.1", // a reason that is not UTF-8
    "8101ff": "8.1", "8102c328": "8.1", "8103eda080": "8.1", "8102c080": "8.1", "8101c3": "8.1", "8104f4908080": "8.1", "8105ff": "8.1",
  };
  for (const [hex, want] of Object.entries(rules)) assert.equal(sections(hex)[0], want, hex);
  for (const good of ["8100", "880203e8", "8800", "880203f6", "88020bb8", "88021387", "897d", "817e007e", "817f0000000000010000",
    "817f7fffffffffffffff", "0101c3", "8102c3a9", "8103efbbbf", "8105c3", "8201ff", "8a00", "8000", "0000", "880503e8c3a900"]) {
    assert.equal(sections(good)[0], "", good);
  }
});

test("the rules between frames hold for each direction by itself", () => {
  assert.deepEqual(sections("0101c3 80 01a9"), ["", ""]); // a character split across fragments
  assert.deepEqual(sections("0101c3 8900 8001a9"), ["", "", ""]); // a ping between
  assert.deepEqual(sections("0101c3 800128"), ["", "8.1"]);
  assert.deepEqual(sections("010161 810162"), ["", "5.4"]); // not finished
  assert.deepEqual(sections("810161 800162"), ["", "5.4"]); // nothing to go on with
  assert.deepEqual(sections("800161 800162"), ["", "5.4"]);
  assert.deepEqual(sections("8800 8100"), ["", "5.5.1"]);
  assert.deepEqual(sections("8800 888000000000"), ["", ""]); // the other side answers
  assert.deepEqual(sections("8800 8900"), ["", ""]); // only data must not follow
  assert.deepEqual(sections("010161 818000000000 800162"), ["", "", ""]);
});

test("close payloads and their codes", () => {
  const frame = frameOf(full(8, closePayload(1001, "bye é"), { key: [9, 8, 7, 6] }));
  assert.deepEqual([frame.code, frame.codeName, frame.text], [1001, "going away", "bye é"]);
  for (let code = 0; code < 65536; code++) assert.ok(closeCodeName(code));
});

test("fields lie side by side and end with the payload", () => {
  for (const hex of ["81", "8105", "817e", "81fe00", "818537fa213d7f9f4d5158", "82ff000000000001000001020304ff"]) {
    const frame = decode(parseBytes(hex).runs[0]);
    const parts = fields(frame);
    parts.reduce((at, part) => {
      assert.equal(part.at, at);
      assert.ok(part.name && part.meaning);
      return at + part.bits;
    }, 0);
    assert.equal(parts.at(-1).id, "payload");
  }
});

test("no bytes whatsoever make the decoder throw", () => {
  let seed = 1;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) >>> 8;
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: random() % 40 }, () => (random() % 3 === 0 ? [0x7e, 0x7f, 0xfe, 0xff, 0x88, 0x81][random() % 6] : random()));
    for (const frame of decodeAll([bytes]).frames) assert.ok(fields(frame).length > 0 && frame.size > 0);
  }
});
