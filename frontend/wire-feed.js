// The live events of a wire. A browser allows six connections to a host, and an open stream takes
// one: so all tabs share a stream. One tab leads. It has the stream, and passes on what arrives over
// a BroadcastChannel. The others listen, and ask once a second whether it is there; if it does not
// answer, one of them leads. If two lead, the one that began later stays.
//
// Events have consecutive numbers. A tab that has missed some, or is new, opens the stream itself
// until it has caught up with the leader.

const second = 1000; // milliseconds
const introduction = 300; // ms for the leader to answer a new tab
const patience = 3 * second; // for the leader to answer
const opening = 5 * second; // for the stream to open

const silent = "The wire does not answer. Trying again.";
const crowded = "The wire does not answer. Is it running? If many other tabs of this address are open, close some: a browser allows six connections to one host.";

// follow calls handlers.event(event) for each event in order, handlers.now(now) each second with what
// /now has, handlers.problem(words) when something is wrong ("" when it is right again), and
// handlers.restart() when the wire has been restarted. It returns a function that ends this. paths name
// another stream than the wire's, and what stands for /now there.
export function follow(handlers, paths = { events: "events", now: "now" }) {
  const channel = globalThis.BroadcastChannel ? new BroadcastChannel(`websocket-workshop-${paths.events}`) : undefined;
  let source; // the stream, while this tab has it
  let run, last = 0; // the wire's run, and the number of the last event
  let claim = 0; // when this tab began to lead, or 0
  let leader = { claim: 0, last: 0, heard: Date.now() };
  let latest = {}; // what the leader tells: { now, problem }
  let asked = 0, asking = false; // when this tab asked for latest.now, and whether it waits for it
  let ended = false;

  // --- the stream ---

  function openStream() {
    if (source || ended) return;
    source = new EventSource(last > 0 ? `${paths.events}?after=${run}-${last}` : paths.events);
    const mine = source;
    const late = setTimeout(() => mine === source && mine.readyState !== EventSource.OPEN && report(crowded), opening);
    mine.addEventListener("open", () => report(""));
    mine.addEventListener("message", ({ data, lastEventId }) => take(lastEventId, data, true));
    mine.addEventListener("error", async () => {
      if (mine.readyState !== EventSource.CLOSED) return report(silent); // the browser tries again
      clearTimeout(late);
      if (mine === source) source = undefined;
      report(await reason(paths.events));
      setTimeout(() => (claim || !channel) && openStream(), second);
    });
  }

  function closeStream() {
    source?.close();
    source = undefined;
  }

  // take hands on an event, unless it is known. An id is a run and a number.
  function take(id, data, streamed) {
    const [itsRun, digits] = id.split("-");
    const number = Number(digits);
    if (run && run !== itsRun) return restart();
    run = itsRun;
    if (number > last) {
      last = number;
      if (claim && streamed) tell({ kind: "event", id, data });
      handlers.event(JSON.parse(data));
    }
    if (!claim && channel && last >= leader.last && leader.claim) closeStream(); // caught up
  }

  function restart() {
    tell({ kind: "restart" });
    handlers.restart();
  }

  // --- the leader ---

  function lead() {
    claim = Math.max(Date.now(), leader.claim + 1) + Math.random(); // larger than all before
    openStream();
    answer();
    refresh();
  }

  function leadIfNobodyDoes() {
    if (!claim && !leader.claim && !ended) lead();
  }

  function answer() {
    tell({ kind: "here", last, ...latest });
  }

  function tell(message) {
    if (!ended) channel?.postMessage({ ...message, claim, run });
  }

  function report(problem) {
    if (leader.claim > claim || ended) return; // the leader's word counts
    latest.problem = problem;
    handlers.problem(problem);
    if (claim) answer();
  }

  // refresh asks the wire for what is not an event.
  async function refresh() {
    if (asking || Date.now() - asked < 0.9 * second) return;
    asking = true;
    asked = Date.now();
    latest.now = await now(paths.now).catch(() => latest.now); // the stream reports what is wrong
    asking = false;
    if (ended || !latest.now) return;
    if (run && latest.now.run && latest.now.run !== run) return restart();
    handlers.now(latest.now);
    if (claim) answer();
  }

  // --- the channel ---

  function hear({ data: message }) {
    if (message.kind === "restart") return handlers.restart();
    if (message.run && run && message.run !== run) return; // a leader that does not know yet that the wire has been restarted
    if (message.kind === "who" && claim) {
      answer();
      refresh();
    }
    if (message.kind === "bye" && message.claim === leader.claim) {
      leader = { ...leader, claim: 0, heard: 0 };
      setTimeout(leadIfNobodyDoes, introduction * Math.random() + (document.hidden ? second : 0)); // rather one that is seen
    }
    if (message.kind === "here" || message.kind === "event") obey(message);
  }

  function obey(message) {
    if (message.claim < Math.max(claim, leader.claim)) return claim ? answer() : undefined;
    claim = 0;
    leader = { claim: message.claim, last: message.kind === "here" ? message.last : Number(message.id.split("-")[1]), heard: Date.now() };
    if (message.kind === "event" && leader.last === last + 1) return take(message.id, message.data);
    if (leader.last <= last) closeStream();
    else if (!document.hidden) openStream();
    if (message.kind !== "here") return;
    handlers.problem(message.problem ?? "");
    if (message.now) handlers.now(message.now);
  }

  // check runs each second in a visible tab: hidden ones sleep, and their timers are not reliable.
  function check() {
    if (document.hidden || ended) return;
    if (claim || !channel) refresh();
    else if (Date.now() - leader.heard > patience) lead();
    else if (Date.now() - leader.heard > 0.9 * second) channel.postMessage({ kind: "who" });
  }

  function shown() {
    if (!channel) return document.hidden ? closeStream() : openStream();
    if (document.hidden || claim) return;
    leader.heard = Math.min(leader.heard, Date.now() - patience + second); // it has a second to answer
    check();
  }

  // leave lets another tab lead, before this one sleeps or goes.
  function leave() {
    if (claim) tell({ kind: "bye" });
    claim = 0;
    closeStream();
  }

  function end() {
    leave();
    ended = true;
    clearInterval(timer);
    channel?.close();
    document.removeEventListener("visibilitychange", shown);
  }

  channel?.addEventListener("message", hear);
  channel?.postMessage({ kind: "who" });
  setTimeout(leadIfNobodyDoes, channel ? introduction : 0);
  const timer = setInterval(check, second);
  document.addEventListener("visibilitychange", shown);
  document.addEventListener("freeze", leave);
  document.addEventListener("resume", shown);
  addEventListener("pagehide", end);
  addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
  openStream();
  return end;
}

// now returns what the wire tells besides events. Its error has the status of a refusal.
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
