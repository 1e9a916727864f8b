// The live events of a wire. A browser allows six connections to a host, and an open stream takes one,
// so all tabs share a stream. One tab leads: it has the stream, and passes on what arrives over a
// BroadcastChannel. The others listen, and ask once a second whether it is there; if it does not
// answer, one of them takes over. If two lead, the one that began later stays the leader.
//
// Events have consecutive numbers. A tab that has missed some, or is new, opens the stream itself until
// it has caught up with the leader.

const second = 1000; // milliseconds
const introduction = 300; // ms for the leader to answer a new tab
const patience = 3 * second; // for the leader to answer
const opening = 5 * second; // for the stream to open

const silent = "The wire does not answer. Trying again.";
const crowded = "The wire does not answer. Is it running? If many other tabs of this address are open, close some: " +
  "a browser allows six connections to one host.";

// follow calls handlers.event(event) for each event in order, handlers.now(now) each second with what
// /now has, handlers.problem(words) when something is wrong ("" when it is right again), and
// handlers.restart() when the wire has been restarted. It returns a function that ends this. paths
// names a stream other than the wire's, and its equivalent of /now.
export function follow(handlers, paths = { events: "events", now: "now" }) {
  const feed = new Feed(handlers, paths);
  return () => feed.end();
}

class Feed {
  #channel; // to the other tabs, if the browser supports it
  #stream; // an EventSource, while this tab has one
  #run; // the wire's run
  #last = 0; // the number of the last event
  #claim = 0; // when this tab began to lead, or 0
  #leader = { claim: 0, last: 0, heard: Date.now() };
  #latest = {}; // what the leader tells: { now, problem }
  #asked = 0; // when this tab asked for now
  #asking = false;
  #ended = false;
  #timer = setInterval(() => this.#check(), second);

  constructor(handlers, paths) {
    this.handlers = handlers;
    this.paths = paths;
    this.#channel = globalThis.BroadcastChannel ? new BroadcastChannel(`websocket-workshop-${paths.events}`) : undefined;
    this.#channel?.addEventListener("message", ({ data }) => this.#hear(data));
    this.#channel?.postMessage({ kind: "who" });
    document.addEventListener("visibilitychange", () => this.#shownOrHidden());
    document.addEventListener("resume", () => this.#shownOrHidden());
    document.addEventListener("freeze", () => this.#leave());
    addEventListener("pagehide", () => this.end());
    addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
    this.#openStream();
    setTimeout(() => this.#leadIfNobodyDoes(), this.#channel ? introduction : 0);
  }

  end() {
    this.#leave();
    this.#ended = true;
    clearInterval(this.#timer);
    this.#channel?.close();
  }

  // --- the stream ---

  #openStream() {
    if (this.#stream || this.#ended) return;
    const stream = this.#stream = new EventSource(this.#last > 0 ? `${this.paths.events}?after=${this.#run}-${this.#last}` : this.paths.events);
    setTimeout(() => {
      if (stream === this.#stream && stream.readyState !== EventSource.OPEN) this.#report(crowded);
    }, opening);
    stream.addEventListener("open", () => this.#report(""));
    stream.addEventListener("message", ({ data, lastEventId }) => this.#take(lastEventId, data, true));
    stream.addEventListener("error", async () => {
      if (stream.readyState !== EventSource.CLOSED) return this.#report(silent); // the browser tries again
      if (stream === this.#stream) this.#stream = undefined;
      this.#report(await reason(this.paths.events));
      setTimeout(() => (this.#claim || !this.#channel) && this.#openStream(), second);
    });
  }

  #closeStream() {
    this.#stream?.close();
    this.#stream = undefined;
  }

  // take passes on an event, unless it is known. An id is a run and a number.
  #take(id, data, streamed) {
    const [run, digits] = id.split("-");
    const number = Number(digits);
    if (this.#run && this.#run !== run) return this.#restart();
    this.#run = run;
    if (number > this.#last) {
      this.#last = number;
      if (this.#claim && streamed) this.#tell({ kind: "event", last: number, id, data });
      this.handlers.event(JSON.parse(data));
    }
    const follows = this.#channel && !this.#claim && this.#leader.claim;
    if (follows && this.#last >= this.#leader.last) this.#closeStream(); // caught up
  }

  #restart() {
    this.#tell({ kind: "restart" });
    this.handlers.restart();
  }

  // --- to lead ---

  #lead() {
    this.#claim = Math.max(Date.now(), this.#leader.claim + 1) + Math.random(); // larger than all before
    this.#openStream();
    this.#answer();
    this.#refresh();
  }

  #leadIfNobodyDoes() {
    if (!this.#claim && !this.#leader.claim && !this.#ended) this.#lead();
  }

  #answer() {
    this.#tell({ kind: "here", last: this.#last, ...this.#latest });
  }

  #tell(message) {
    if (!this.#ended) this.#channel?.postMessage({ ...message, claim: this.#claim, run: this.#run });
  }

  #report(problem) {
    if (this.#leader.claim > this.#claim || this.#ended) return; // the leader's word counts
    this.#latest.problem = problem;
    this.handlers.problem(problem);
    if (this.#claim) this.#answer();
  }

  // refresh asks the wire for what is not an event.
  async #refresh() {
    if (this.#asking || Date.now() - this.#asked < 0.9 * second) return;
    this.#asking = true;
    this.#asked = Date.now();
    const latest = await now(this.paths.now).catch(() => undefined); // the stream reports what is wrong
    this.#asking = false;
    if (this.#ended || !latest) return;
    if (this.#run && latest.run && latest.run !== this.#run) return this.#restart();
    this.#latest.now = latest;
    this.handlers.now(latest);
    if (this.#claim) this.#answer();
  }

  // leave lets another tab lead, before this one sleeps or closes.
  #leave() {
    if (this.#claim) this.#tell({ kind: "bye" });
    this.#claim = 0;
    this.#closeStream();
  }

  // --- to follow ---

  #hear(message) {
    if (message.kind === "restart") return this.handlers.restart();
    if (message.run && this.#run && message.run !== this.#run) return; // it will learn that the wire has been restarted
    switch (message.kind) {
      case "who":
        if (!this.#claim) return;
        this.#answer();
        return this.#refresh();
      case "bye":
        if (message.claim !== this.#leader.claim) return;
        Object.assign(this.#leader, { claim: 0, heard: 0 });
        setTimeout(() => this.#leadIfNobodyDoes(), introduction * Math.random() + (document.hidden ? second : 0));
        return;
      default:
        this.#obey(message);
    }
  }

  #obey(message) {
    if (message.claim < Math.max(this.#claim, this.#leader.claim)) {
      if (this.#claim) this.#answer(); // so that it follows
      return;
    }
    this.#claim = 0;
    this.#leader = { claim: message.claim, last: message.last, heard: Date.now() };
    if (message.kind === "event" && message.last === this.#last + 1) return this.#take(message.id, message.data);
    if (message.last > this.#last) this.#openStream();
    else this.#closeStream();
    if (message.kind !== "here") return;
    this.handlers.problem(message.problem ?? "");
    if (message.now) this.handlers.now(message.now);
  }

  // check runs each second in a visible tab: hidden ones sleep, and their timers are not reliable.
  #check() {
    if (document.hidden || this.#ended) return;
    const silence = Date.now() - this.#leader.heard;
    if (this.#claim || !this.#channel) this.#refresh();
    else if (silence > patience) this.#lead();
    else if (silence > 0.9 * second) this.#channel.postMessage({ kind: "who" });
  }

  #shownOrHidden() {
    if (!this.#channel) return document.hidden ? this.#closeStream() : this.#openStream();
    if (document.hidden || this.#claim) return;
    this.#leader.heard = Math.min(this.#leader.heard, Date.now() - patience + second); // it has a second to answer
    this.#check();
  }
}

// now returns what the wire reports in addition to events. Its error has the status of a refusal.
export async function now(path = "now") {
  const response = await fetch(path, { signal: AbortSignal.timeout(opening) });
  if (!response.ok) throw Object.assign(new Error(await response.text()), { status: response.status });
  return response.json();
}

// reason returns why the wire refuses its stream.
async function reason(path) {
  const stop = new AbortController();
  try {
    const response = await fetch(path, { signal: stop.signal });
    return response.ok ? silent : `The wire refuses: ${await response.text()}`;
  } catch {
    return silent;
  } finally {
    stop.abort();
  }
}
