// When to connect: at once, and again after each end, with growing pauses.

import { takeBack, tell } from "./chat-note.js";

// Pauses in milliseconds. Each is twice the one before, and up to a quarter longer or shorter, so that
// the members who lost a server do not all reconnect at the same moment.
const question = { first: 500, longest: 2000 }; // between two questions whether the server is there
const attempt = { first: 500, longest: 30_000 }; // between two WebSockets to the same server
const afterRefusal = 5000; // at least, before the next WebSocket: the same server will probably refuse again
const lasting = 5000; // a connection that lasted this long was a good one
const answerTime = 5000; // for the answer to a question
const patience = 2000; // for a WebSocket, before the note explains why it may not open

const slow = "The server answers HTTP, but the WebSocket is not open yet. Firefox makes one wait after failed ones, " +
  "up to a minute, even after a reload. Or the server does not answer the handshake.";

let connect; // makes a WebSocket
let server; // what whoAnswers returned last
let timer; // of the next question
let asking = false;
let notBefore = 0; // the time of the next WebSocket to the same server
let nextQuestion = question.first;
let nextAttempt = attempt.first;

// stayConnected calls makeSocket, which returns a WebSocket, whenever a new connection is needed and
// allowed.
export function stayConnected(makeSocket) {
  connect = makeSocket;
  document.addEventListener("visibilitychange", askSooner);
  addEventListener("online", askSooner);
  ask();
}

// ask asks over HTTP whether the server is there before it opens a WebSocket. Firefox makes
// a WebSocket wait after failed ones, up to a minute for a host and port; HTTP need not wait.
async function ask() {
  asking = true;
  const answers = await whoAnswers();
  asking = false;
  if (answers !== server) { // it was away, or is another process: past refusals do not count
    server = answers;
    notBefore = 0;
    nextAttempt = attempt.first;
  }
  if (server === undefined || Date.now() < notBefore) return askLater();
  timer = undefined;
  watch(connect());
}

// whoAnswers returns the mark of the server process that answers, "" if it has none, and
// undefined if nothing answers.
async function whoAnswers() {
  try {
    const answer = await fetch("/", { method: "HEAD", cache: "no-store", signal: AbortSignal.timeout(answerTime) });
    await answer.text(); // or Chromium lists the request as cancelled
    return answer.headers.get("ETag") ?? "";
  } catch {
    return undefined;
  }
}

function askLater() {
  timer = setTimeout(ask, roughly(nextQuestion));
  nextQuestion = Math.min(2 * nextQuestion, question.longest);
}

// askSooner ends a pause: browsers stretch those of a hidden page to a minute and more.
function askSooner() {
  if (timer === undefined || asking || document.hidden) return;
  clearTimeout(timer);
  nextQuestion = question.first;
  ask();
}

// watch follows a WebSocket to its end, and then sets when the same server may get the next one.
function watch(socket) {
  let openedAt = 0;
  const explain = setTimeout(() => tell(slow), patience);
  socket.addEventListener("open", () => {
    openedAt = Date.now();
    clearTimeout(explain);
    takeBack(slow);
  });
  socket.addEventListener("close", () => {
    clearTimeout(explain);
    if (!openedAt) nextAttempt = Math.max(nextAttempt, afterRefusal);
    else if (Date.now() - openedAt >= lasting) nextAttempt = attempt.first;
    notBefore = Date.now() + roughly(nextAttempt);
    nextAttempt = Math.min(2 * nextAttempt, attempt.longest);
    nextQuestion = question.first;
    askLater();
  });
}

function roughly(pause) {
  return pause * (0.75 + Math.random() / 2);
}
