// The pure half of the frame page: pasted text to bytes, bytes to frames, and back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { closePayload, decode, encode, toHex, utf8 } from "../frame-codec.js";
import { fields } from "../frame-fields.js";
import { maxBytes, parseBytes } from "../frame-parse.js";
import { closeCodeName, decodeAll } from "../frame-rules.js";

const bytesOf = (text) => {
  const { runs, error } = parseBytes(text);
  return error ?? runs.map((run) => toHex(run)).join(",");
};
const frameOf = (text) => decodeAll(parseBytes(text).runs).frames[0];
const framesOf = (text) => decodeAll(parseBytes(text).runs).frames;
const sections = (text) => framesOf(text).map((f) => f.problems.map((p) => p.section).join(" "));
const full = (opcode, payload, more = {}) => toHex(encode({ opcode, payload, ...more }));

test("the forms that are read", () => {
  for (const text of [
    "818537fa213d7f9f4d5158", "81 85 37 fa 21 3d 7f 9f 4d 51 58", "81:85:37:FA:21:3D:7F:9F:4D:51:58",
    "0x81 0x85 0x37 0xfa 0x21 0x3d 0x7f 0x9f 0x4d 0x51 0x58", "0x818537fa213d7f9f4d5158",
    "0x81,0x85,0x37,0xfa,0x21,0x3d,0x7f,0x9f,0x4d,0x51,0x58,", "81,85,37,fa,21,3d,7f,9f,4d,51,58",
    "81-85-37-FA-21-3D-7F-9F-4D-51-58", "81 85\n37 fa 21 3d\r\n\t7f 9f 4d 51 58\n", "818537fa\r\n213d7f9f4d5158", "8185 37fa 213d 7f9f 4d51 58", "818537fa213d 7f9f4d5158",
    "10000001 10000101 00110111 11111010 00100001 00111101 01111111 10011111 01001101 01010001 01011000",
    "#818537fa213d7f9f4d5158", "http://127.0.0.1:8080/frame.html#818537FA213D7F9F4D5158",
    "2026/01/02 03:04:05 received 81 85 37 fa 21 3d 7f 9f 4d 51 58", "received 81 85 37 fa 21 3d 7f 9f 4d 51 58",
    "2026/01/02 03:04:05 upgrade requested!\r\n2026/01/02 03:04:05 received 81 85 37 fa 21 3d 7f 9f 4d 51 58\r\n",
  ]) assert.equal(bytesOf(text), "818537fa213d7f9f4d5158", text);
  assert.equal(bytesOf("0x81, 0x5"), "8105");
  assert.equal(bytesOf("#100000010001"), "100000010001"); // what stands in an address is always hex
  assert.equal(bytesOf("10 00 00 01"), "10000001");
  assert.equal(bytesOf(" \n"), "");
  assert.equal(parseBytes("10000001").binary, true);
});

test("several links, and several lines of a log, stay apart, and so they do in an address", () => {
  for (const two of [
    "frame http://h/frame.html#81fe00c837fa213d7f\nframe http://h/frame.html#898000000000", "81fe00c837fa213d7f,898000000000",
    "2026/01/02 03:04:05 received 81 fe 00 c8 37 fa 21 3d 7f\n2026/01/02 03:04:05 received 89 80 00 00 00 00",
  ]) {
    assert.equal(bytesOf(two), "81fe00c837fa213d7f,898000000000", two);
    assert.deepEqual(framesOf(two).map((f) => [f.opcode, f.missing, f.start]), [[1, 199n, [0, 0]], [9, 0n, [1, 0]]]);
  }
  assert.deepEqual(sections("010161,810162"), ["", ""]); // of two members, perhaps
});

test("what may not be bytes is refused, with the reason", () => {
  for (const [text, pattern] of [
    ["81 0g", /“g” is not a hex digit/], ["héllo", /“h” is not/], ["<script>", /“<” is not/], ["👋", /“👋” is not/],
    ["81 5", /one hex digit/], ["81053", /odd number/], ["[-127, 5, 72]", /“\[” is not/], ["-12, 50, 72", /minus.*decimal/], ["129 133 55", /“129”.*decimal/],
    ["<Buffer 81 05>", /“<” is not/], ["\\x81\\x05", /“\\” is not/], ["81x05", /“81x05” is not hex/],
    ["00000000  81 85 37 fa 21 3d", /“00000000”.*dump/], ["\t0x0000:  4500 0034 1c46 4000", /“0x0000:”.*dump/], ["0x0010:  4500 0034", /dump/], ["00000010: 8185 37fa", /dump/],
    ["1000000110000101", /binary or hex/], ["10000001 1000", /binary or hex/], ["10000001, 10000101", /binary or hex/], ["0b10000001", /binary or hex/],
    ["81 0x 05", /“0x” is not hex/], ["#8105,#8105", /“#” is not/], ["frame.html#8105 frame.html#zz", /not a hex digit/],
    ["47 45 54 20 2f 20 48 54 54 50", /HTTP text/], ["485454502f312e3120313031", /HTTP text/], ["#474554202f", /HTTP text/],
    ["81 ".repeat(200_001), /too long/], ["\n".repeat(5000), /too long/],
  ]) assert.match(bytesOf(text), pattern, text);
  assert.equal(parseBytes("81".repeat(maxBytes)).cut, false);
  assert.equal(parseBytes("81".repeat(maxBytes + 1)).cut, true);
});

test("no text takes long to read", () => {
  const start = process.cpuUsage(); // not the clock: the machine may have more to do
  for (const text of ["z", "81", "0x81, ", "[129 ", "a,", "#", "\\x81", "-", "frame.html#", "frame.html#81,", "received 81\n", "2026/01/02 ", " ", "\n", "01010101 ", "🦊"]) {
    for (const size of [399_990, 1_000_000]) parseBytes(text.repeat(size / text.length));
  }
  assert.ok(process.cpuUsage(start).user < 20e6, "over 20 s for what takes less than one where the time grows with the text alone");
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

test("the rules between frames hold for each direction separately", () => {
  assert.deepEqual(sections("0101c3 80 01a9"), ["", ""]); // a character split across fragments
  assert.deepEqual(sections("0101c3 8900 8001a9"), ["", "", ""]); // a ping between
  assert.deepEqual(sections("0101c3 800128"), ["", "8.1"]);
  assert.deepEqual(sections("010161 810162"), ["", "5.4"]); // not finished
  assert.deepEqual(sections("810161 800162"), ["", "5.4"]); // nothing to go on with
  assert.deepEqual(sections("800161 800162"), ["", "5.4"]);
  assert.deepEqual(sections("8800 8100"), ["", "5.5.1"]);
  assert.deepEqual(sections("8800 888000000000"), ["", ""]); // the other side answers
  assert.deepEqual(sections("8800 8900"), ["", ""]); // only data must not follow
  assert.deepEqual(sections("880203e8 880203e8"), ["", "5.5.1"]); // and no second goodbye
  assert.deepEqual(sections("010161 818000000000 800162"), ["", "", ""]);
});

test("nothing is said for certain that an extension could change", () => {
  const compressed = "c107f248cdc9c90700"; // "Hello", RFC 7692, section 7.2.3.1
  assert.deepEqual(frameOf(compressed).problems.map((p) => [p.section, p.unless]), [["5.2", true]]);
  assert.equal(frameOf(compressed).text, undefined);
  assert.deepEqual(sections("4103f248cd 8004c9c90700"), ["5.2", ""]); // its second fragment is not text, either
  assert.deepEqual(frameOf("8300").problems.map((p) => p.unless), [true]);
  assert.deepEqual(frameOf("0900").problems.map((p) => p.unless), [false]);
});

test("what the bytes do not say, the fields do not say", () => {
  const meaning = (text, id, i = 0) => fields(framesOf(text)[i]).find((field) => field.id === id);
  assert.doesNotMatch(meaning("0101 61 8900 800162", "fin", 1).meaning, /message/);
  for (const text of ["81", "81fe", "81fe00"]) assert.equal(meaning(text, "payload").value, "?");
  assert.doesNotMatch(meaning("8105", "mask").meaning, /comes from/);
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

test("no bytes make the decoder throw", () => {
  let seed = 1;
  const random = () => (seed = (seed * 1103515245 + 12345) % 2147483648) >>> 8;
  for (let i = 0; i < 20_000; i++) {
    const bytes = Uint8Array.from({ length: random() % 40 }, () => (random() % 3 === 0 ? [0x7e, 0x7f, 0xfe, 0xff, 0x88, 0x81][random() % 6] : random()));
    for (const frame of decodeAll([bytes]).frames) assert.ok(fields(frame).length > 0 && frame.size > 0);
  }
});
