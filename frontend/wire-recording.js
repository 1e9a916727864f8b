// Recordings: a record as a link, or as one file that opens without a server, and back.

const maxLink = 32_000; // characters: longer addresses may be cut in transit

// linkTo returns an address that contains a recording, or undefined if it would be too long.
export async function linkTo(recording) {
  const squeezed = new Blob([JSON.stringify(recording)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(squeezed).arrayBuffer());
  const base64 = btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
  const link = `${location.href.split("#")[0]}#r=${base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")}`;
  return link.length > maxLink ? undefined : link;
}

// fromLink reads what follows #r= in a link. problem is "" or "cut short" or "damaged"; then the
// recording has the events up to there. It throws if that leaves none.
export async function fromLink(text) {
  const clean = text.replace(/[^\w-].*$/s, ""); // without what followed the link in a sentence
  const whole = clean.length % 4 === 1 ? clean.slice(0, -1) : clean; // one character is not a byte
  const binary = atob(whole.replaceAll("-", "+").replaceAll("_", "/"));
  const { json, problem } = await inflate(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
  if (!problem) return { recording: JSON.parse(json), problem };
  const end = json.lastIndexOf("},{");
  if (end < 0) throw new Error(problem);
  return { recording: JSON.parse(`${json.slice(0, end)}}]}`), problem };
}

// inflate returns as much of a text as can be read, and what is wrong with its end.
async function inflate(bytes) {
  const { readable, writable } = new DecompressionStream("deflate-raw");
  const writer = writable.getWriter();
  let problem = "damaged";
  const feed = async () => {
    for (let at = 0; at < bytes.length; at += 64) { // little at once: an error drops what is not read yet
      await writer.write(bytes.subarray(at, at + 64));
    }
    problem = "cut short"; // if there should be more
    await writer.close();
  };
  feed().catch(() => {}); // reading fails as well
  const decoder = new TextDecoder();
  let json = "";
  try {
    for (const reader = readable.getReader(); ;) {
      const { value, done } = await reader.read();
      if (done) return { json, problem: "" };
      json += decoder.decode(value, { stream: true });
    }
  } catch {
    return { json, problem };
  }
}

// read returns the recording in a file that page made, or in lines of events, as curl prints /events.
export function read(text) {
  const [, inPage] = /<script type="application\/json" id="recording">([^]*?)<\/script>/.exec(text) ?? [];
  if (inPage) return JSON.parse(inPage);
  const lines = text.split("\n").map((line) => line.replace(/^data: /, "").trim()).filter((line) => line[0] === "{");
  if (lines.length === 0) throw new Error("there are no events in it");
  return { events: lines.map((line) => JSON.parse(line)) };
}

let texts; // a promise of this page's own files, by name

// keepPage reads this page's own files while there is a server: the wire may have exited when the
// reader saves.
export function keepPage() {
  texts ??= load("wire.html");
  texts.catch(() => { texts = undefined; });
  return texts;
}

// load reads a file and the files that it refers to.
async function load(name, into = {}) {
  if (name in into) return into;
  into[name] = ""; // on its way
  into[name] = await (await fetch(name)).text();
  const next = into[name].matchAll(/(?:from |import |href=|src=)"(?:\.\/)?([\w-]+\.(?:js|css))"/g);
  await Promise.all([...next].map(([, file]) => load(file, into)));
  return into;
}

// page returns this page as one HTML file with a recording in it, which opens without a server.
export async function page(recording) {
  const text = await keepPage();
  const bare = (name) => text[name].replaceAll(/((?:from|import) )"\.\/([\w-]+)\.js"/g, '$1"$2"');
  const modules = Object.keys(text).filter((name) => name.endsWith(".js") && name !== "wire.js");
  const imports = Object.fromEntries(modules.map((name) => [name.slice(0, -3), `data:text/javascript;charset=utf-8,${encodeURIComponent(bare(name))}`]));
  const json = (value) => JSON.stringify(value).replaceAll("<", "\\u003c");
  const html = text["wire.html"].replaceAll(/<link rel="stylesheet" [^>]*"([^"]+)">/g, (_, name) => `<style>\n${text[name]}</style>`);
  return html.replace(/<script type="module" src="wire.js"><\/script>/, () => `<script type="importmap">${json({ imports })}<\/script>
  <script type="application/json" id="recording">${json(recording)}<\/script>
  <script type="module">\n${bare("wire.js")}<\/script>`);
}
