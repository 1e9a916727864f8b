// Bytes from pasted text. Ambiguous text is refused, with the reason.

export const maxBytes = 66_000; // a 64 KiB frame and its header: the rest is left out
const maxChars = 400_000; // no usual form of a byte takes more than 6 characters
const maxLines = 5000; // browsers lay out a text area's lines slowly

const forms = "This page reads hex (81 05 48 65), binary digits in eights, a line of step 3’s log, and its own links.";

// parseBytes reads bytes in the forms that cannot be mistaken for anything else: hex, in pairs of digits
// or in one piece; binary digits in groups of eight; lines of step 3's log; links to the frame page, or
// what follows their #. It returns { runs: [Uint8Array, …], cut, binary }, with a run for each link, each
// line of the log and each piece between commas, since they may come from different connections. cut is
// true if there were more than maxBytes. Or it returns { error, tooLong }.
export function parseBytes(source) {
  const lines = source.length > maxChars ? [] : source.split("\n", maxLines + 1);
  if (source.length > maxChars || lines.length > maxLines) {
    return { tooLong: true, error: "This is too long: at most 400,000 characters and 5,000 lines are read." };
  }
  const text = lines.map((line) => line.trim()).join("\n").trim();
  const binary = /^[01]{8}(\s+[01]{8})*$/.test(text);
  if (!binary && /^[01\s,]+$/.test(text) && /[01]{8}/.test(text)) {
    return { error: `This could be binary or hex: leave a space between two bytes. ${forms}` };
  }
  const runs = [];
  let room = maxBytes;
  let cut = false;
  for (const part of splitRuns(text)) {
    const { values, error } = readRun(part, binary ? 2 : 16);
    if (error) return { error };
    if (isHTTP(values)) return { error: "These bytes are HTTP text, not a frame: frames begin after the empty line that ends the handshake." };
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
    return { error: `“${shorten(tokens[0])}” is an offset, as dumps have: paste only the bytes, without offsets and text.` };
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
  if (/^0b[01]{3,}$/i.test(token)) return `“${shorten(token)}” could be binary or hex.`;
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
