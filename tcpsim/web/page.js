"use strict";
// Steps through a run. Laws: text enters the page as text, never as HTML; where we are is one number, `at`, and how
// far on the way to the next step, `part`; everything that is shown follows from these two, by `show`.

const run = JSON.parse(document.getElementById("run").textContent);
const { steps, flights, timers, hosts } = run;
const byId = (id) => document.getElementById(id);
const calm = matchMedia("(prefers-reduced-motion: reduce)");
const SVG = "http://www.w3.org/2000/svg";
const MAIN = [
  ["SND.UNA", "SND.NXT", "SND.WND", "queued to send", "cwnd", "ssthresh", "Eff.snd.MSS", "RTO", "SRTT"],
  ["RCV.NXT", "RCV.WND", "RCV.USER", "held beyond a hole", "ISS", "IRS", "duplicate ACKs", "sent again"],
];
const SHORT = { "queued to send": "queued", "held beyond a hole": "held", "duplicate ACKs": "dup. ACKs" };

let at = 0;
let part = 0;
let playing = false;

// ------------------------------------------------------------------ small things

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function draw(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

/** A time or a span in nanoseconds as a person reads it, to `digits` digits. */
function told(time, digits = 6) {
  if (time <= 0) return "0 s";
  const [size, unit] = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]].find(([least]) => time >= least);
  const value = time / size;
  const whole = Math.max(0, digits - Math.floor(Math.log10(value)) - 1);
  const text = value.toFixed(Math.min(whole, 9));
  return `${text.includes(".") ? text.replace(/\.?0+$/, "") : text} ${unit}`;
}

const number = (text) => (text !== undefined && /^-?\d+$/.test(text) ? Number(text) : NaN);

// ------------------------------------------------------------------ what is known at each step

/** For each step, a map from "host conn" to { host, conn, state, vars, was, from }: shared where nothing changed. */
function courses() {
  let now = new Map();
  return steps.map((step) => {
    const next = new Map(now);
    const touch = (host, conn) => {
      const key = `${host} ${conn}`;
      const old = now.get(key);
      let one = next.get(key);
      if (one === undefined || one === old) {
        one = { host, conn, state: old ? old.state : "", vars: { ...(old && old.vars) }, was: {}, from: [] };
        next.set(key, one);
      }
      return one;
    };
    // What was new a step ago is not new any more.
    for (const [key, one] of now) {
      if (Object.keys(one.was).length || one.from.length) next.set(key, { ...one, was: {}, from: [] });
    }
    now = new Map(next);
    for (const [host, conn, source, target] of step.moves) {
      const one = touch(host, conn);
      one.from.push([source, target]);
      one.state = target;
    }
    for (const { host, conn, rows } of step.changes) {
      const one = touch(host, conn);
      for (const [name, was, value] of rows) {
        if (name === "state") one.state = value;
        else if (!name.endsWith(" timer")) {
          one.vars[name] = value;
          one.was[name] = was;
        }
      }
    }
    if (step.conn !== null && step.host >= 0 && (step.state || next.has(`${step.host} ${step.conn}`))) {
      const one = touch(step.host, step.conn);
      if (!one.state) one.state = step.state || "";
    }
    now = next;
    return next;
  });
}

const known = courses();

/** For each step and host, the connection that it was about last. */
const lately = (() => {
  const last = hosts.map(() => null);
  return steps.map((step, index) => {
    const touched = [...step.changes, ...step.moves.map(([host, conn]) => ({ host, conn }))];
    if (step.host >= 0 && step.conn !== null) touched.push({ host: step.host, conn: step.conn });
    for (const { host, conn } of touched) if (known[index].has(`${host} ${conn}`)) last[host] = conn;
    return [...last];
  });
})();

/** The largest amounts that each connection's bars have to show. */
const scales = new Map();
for (const each of known) {
  for (const [key, { vars }] of each) {
    const scale = scales.get(key) || { send: 1, receive: 1 };
    const flying = number(vars["SND.NXT"]) - number(vars["SND.UNA"]) || 0;
    scale.send = Math.max(scale.send, number(vars["SND.WND"]) || 0, flying + (number(vars["queued to send"]) || 0));
    scale.receive = Math.max(
      scale.receive, (number(vars["RCV.WND"]) || 0) + (number(vars["RCV.USER"]) || 0), number(vars["held beyond a hole"]) || 0,
    );
    scales.set(key, scale);
  }
}

// ------------------------------------------------------------------ the ladders

const ladders = [...document.querySelectorAll("svg.ladder")].map((svg, index) => {
  const parts = new Map(); // from a record's serial number to what is drawn of it
  for (const node of svg.querySelectorAll("[id]")) {
    const found = /-(\w+)-(\d+)(?:-\d+)?$/.exec(node.id);
    if (!found) continue;
    const serial = Number(found[2]);
    if (!parts.has(serial)) parts.set(serial, []);
    parts.get(serial).push(node);
    node.dataset.serial = serial;
  }
  const box = svg.viewBox.baseVal;
  const right = box.x + box.width;
  const veil = draw("rect", { class: "veil", x: box.x, width: box.width });
  const line = draw("line", { class: "playhead", x1: run.axes[index], x2: right });
  const dots = draw("g", {});
  const words = draw("g", { class: "fresh" });
  svg.append(veil, line, words, dots);
  const names = namesOf(run.names[index], box, svg.classList.contains("wide") ? "wide" : "small");
  const shots = run.shots[index];
  return { svg, parts, veil, line, dots, words, names, shots, bottom: run.bottoms[index], index, lit: [] };
});

/** The names over the lifelines once more, to stay at the top where the ladder is scrolled. */
function namesOf(names, box, kind) {
  const strip = draw("svg", { class: `${kind} strip`, viewBox: `${box.x} 0 ${box.width} 20` });
  strip.append(draw("rect", { x: box.x, width: box.width, height: 20 }));
  for (const [name, x, role] of names) {
    const text = draw("text", { x, y: 14.5, class: role === "host" ? "name" : "name box" });
    text.textContent = name;
    text.dataset.whose = role === "host" ? hosts.findIndex((host) => host.name === name) : "";
    strip.append(text);
  }
  byId("names").append(strip);
  return strip;
}

const stepOf = new Map();
steps.forEach((step, index) => step.ids.forEach((serial) => stepOf.set(serial, index)));

function height(ladder) {
  const here = steps[at].y[ladder.index];
  return at + 1 < steps.length ? here + (steps[at + 1].y[ladder.index] - here) * part : here;
}

function showLadder(ladder) {
  const y = height(ladder);
  ladder.veil.setAttribute("y", y + 1);
  ladder.veil.setAttribute("height", at + 1 < steps.length ? Math.max(0, ladder.bottom - y - 1) : 0);
  ladder.line.setAttribute("y1", y);
  ladder.line.setAttribute("y2", y);
  const dots = [];
  for (const [x0, y0, x1, y1, lost] of ladder.shots) {
    if (y0 <= y && y < y1) {
      const way = (y - y0) / (y1 - y0);
      dots.push(draw("circle", { class: lost ? "dot lost" : "dot", cx: x0 + (x1 - x0) * way, cy: y, r: 4.5 }));
    }
  }
  ladder.dots.replaceChildren(...dots);
}

function light(ladder) {
  for (const node of ladder.lit) node.classList.remove("now");
  ladder.lit = steps[at].ids.flatMap((serial) => ladder.parts.get(serial) || []);
  for (const node of ladder.lit) node.classList.add("now");
  // Words that tell of now, and of just before, reach below the line of the present, and yet are not of the future.
  const words = [];
  for (let index = at; index >= 0 && steps[at].y[ladder.index] - steps[index].y[ladder.index] < 14; index -= 1) {
    for (const serial of steps[index].ids) {
      for (const node of ladder.parts.get(serial) || []) {
        if (node.localName !== "text") continue;
        const copy = node.cloneNode(true);
        copy.removeAttribute("id");
        words.push(copy);
      }
    }
  }
  ladder.words.replaceChildren(...words);
}

/** Keep the line of the present in the middle of what is seen of the ladder. */
function follow() {
  const box = byId("scroll");
  for (const ladder of ladders) {
    const seen = ladder.svg.getBoundingClientRect();
    if (!seen.height) continue;
    const whole = ladder.svg.viewBox.baseVal;
    const y = ((height(ladder) - whole.y) / whole.height) * seen.height;
    const target = y - box.clientHeight * 0.45;
    if (Math.abs(box.scrollTop - target) > (playing ? 0 : box.clientHeight * 0.3)) box.scrollTop = target;
    if (box.scrollWidth > box.clientWidth + 2) followAcross(box, ladder);
  }
}

/** Where the ladder is wider than what is seen of it, bring into sight what the event drew, or at least its host. */
function followAcross(box, ladder) {
  const frame = box.getBoundingClientRect();
  const nodes = ladder.lit.length ? ladder.lit : ladder.names.querySelectorAll(`[data-whose="${steps[at].host}"]`);
  const drawn = [...nodes].map((node) => node.getBoundingClientRect()).filter(({ height }) => height);
  if (!drawn.length) return;
  const left = Math.min(...drawn.map((each) => each.left));
  const right = Math.max(...drawn.map((each) => each.right));
  if (left < frame.left || right > frame.right) box.scrollLeft += (left + right) / 2 - (frame.left + frame.right) / 2;
}

// ------------------------------------------------------------------ the event

function because(sentence, cite, className = "why") {
  const node = make("p", className, sentence);
  if (cite) node.append(" ", make("span", "cite", `(${cite})`));
  return node;
}

function showEvent() {
  const step = steps[at];
  const into = [];
  into.push(make("p", "when", `Event ${at + 1} of ${steps.length}, at ${step.clock} · record ${step.n}`));
  into.push(make("p", "head", step.head));
  if (step.state) into.push(make("p", "", `${hosts[step.host].name} is in ${step.state}.`));
  if (step.checks) {
    into.push(make("h3", "", step.asks ? "Checked, in the RFC's order" : "What the RFC has done"));
    const list = make("ol", "checks");
    for (const [passed, asked, cite] of step.checks) {
      const item = make("li", passed ? "yes" : "no");
      const words = make("span", "asked", asked);
      words.append(" ", make("span", "cite", `(${cite})`));
      const mark = make("span", "mark", passed ? "✓" : "✗");
      mark.setAttribute("aria-label", passed ? "stands:" : "does not stand:");
      mark.setAttribute("role", "img");
      item.append(mark, words);
      list.append(item);
    }
    list.setAttribute("role", "list");
    into.push(list);
    if (!step.agreed) into.push(make("p", "otherwise", "So the RFC. This host does otherwise:"));
  }
  if (step.why) into.push(because(...step.why));
  const several = step.changes.length > 1;
  for (const change of step.changes) into.push(...changeTable(change, several));
  if (!step.changes.length && step.moves.length) {
    into.push(make("h3", "", "Changed"));
    for (const [host, , source, target] of step.moves) {
      into.push(make("p", "", `${hosts[host].name}: ${source} → ${target}`));
    }
  }
  if (step.then.length) {
    into.push(make("h3", "", "Then"));
    const list = make("ul", "then");
    for (const [words, sentence, cite] of step.then) {
      const item = make("li", "", words);
      if (sentence) item.append(make("br"), make("span", "cite", `${sentence} (${cite})`));
      list.append(item);
    }
    into.push(list);
  }
  byId("event").replaceChildren(...into);
}

function changeTable({ host, conn, rows }, several) {
  const news = rows.filter(([, , , told]) => told);
  if (!news.length) return [];
  const gone = news.filter(([name, , now]) => now === "–" && !name.endsWith(" timer"));
  const shown = gone.length > 4 ? news.filter((row) => !gone.includes(row)) : news;
  const heading = make("h3", "", several ? `Changed: ${hosts[host].name}, connection ${conn}` : "Changed");
  const table = make("table", "changes");
  const body = make("tbody");
  for (const [name, was, now, , cite] of shown) {
    const row = make("tr");
    const head = make("th", "", name);
    head.scope = "row";
    const cell = make("td");
    cell.append(make("span", "value", `${was} → ${now}`));
    if (cite) cell.append(" ", make("span", "cite", `(${cite})`));
    row.append(head, cell);
    body.append(row);
  }
  table.append(body);
  table.setAttribute("aria-label", heading.textContent);
  const wrap = make("div", "wraps");
  wrap.append(table);
  const out = [heading, wrap];
  if (gone.length > 4) out.push(make("p", "cite", `${gone.length} variables more lose their meaning with the TCB.`));
  return out;
}

// ------------------------------------------------------------------ the hosts

function bar(name, words, total, pieces) {
  const out = make("div");
  const head = make("div", "bar-name");
  head.append(make("span", "", name), make("span", "", words));
  const track = make("div", "bar");
  track.setAttribute("aria-hidden", "true");
  for (const [kind, from, to] of pieces) {
    if (to <= from && kind !== "edge") continue;
    const piece = make("i", kind);
    piece.style.left = `${(100 * Math.min(Math.max(from, 0), total)) / total}%`;
    if (kind !== "edge") piece.style.width = `${(100 * Math.max(0, Math.min(to, total) - Math.max(from, 0))) / total}%`;
    track.append(piece);
  }
  out.append(head, track);
  return out;
}

function bars(one) {
  const { vars } = one;
  const scale = scales.get(`${one.host} ${one.conn}`);
  const out = make("div", "bars");
  const sent = number(vars["SND.NXT"]) - number(vars["SND.UNA"]);
  if (!Number.isNaN(sent)) {
    const window = number(vars["SND.WND"]) || 0;
    const queued = number(vars["queued to send"]) || 0;
    const cwnd = number(vars.cwnd);
    const words = `${sent} in flight${queued ? `, ${queued} queued` : ""}, window ${window}`;
    const pieces = [["room", 0, window], ["full", 0, sent], ["wait", sent, sent + queued]];
    if (cwnd < scale.send) pieces.push(["edge", cwnd, cwnd]);
    out.append(bar("Send", words, scale.send, pieces));
  }
  const free = number(vars["RCV.WND"]);
  if (!Number.isNaN(free)) {
    const unread = number(vars["RCV.USER"]) || 0;
    const held = number(vars["held beyond a hole"]) || 0;
    const words = `${unread} unread${held ? `, ${held} held` : ""}, window ${free}`;
    out.append(bar("Receive", words, scale.receive, [
      ["room", unread, unread + free], ["full", 0, unread], ["wait", unread + free - held, unread + free],
    ]));
  }
  return out;
}

function variable(name, one) {
  const row = make("div");
  const value = one.vars[name] === undefined ? "–" : one.vars[name];
  const head = make("dt", "", SHORT[name] || name);
  head.title = name;
  row.append(head);
  if (name in one.was) {
    row.className = "fresh";
    // What it was goes where there is no room: it stands under `Changed`, too, and no row becomes higher for it.
    const was = make("dd", "was");
    was.append(make("span"), make("span", "", one.was[name] === "–" ? "" : `${one.was[name]} →`));
    row.append(was);
  }
  row.append(make("dd", "is", value));
  return row;
}

function variables(names, one) {
  const list = make("dl", "vars");
  for (const name of names) list.append(variable(name, one));
  return list;
}

const opened = new Set();
const panels = [...document.querySelectorAll(".host:not(.bare)")];

/** The connection that the reader has picked for each host; null, and the events decide. */
const picked = hosts.map(() => null);
const shownOf = (host) => (picked[host] === null ? lately[at][host] : picked[host]);

for (const panel of panels) {
  const host = Number(panel.dataset.host);
  if (hosts[host].conns.length < 2) continue;
  const label = make("label", "", "Connection ");
  const select = make("select");
  select.setAttribute("aria-label", `Connection of ${hosts[host].name}`);
  select.append(make("option", "", "of the latest event"));
  for (const [conn, peer] of hosts[host].conns) select.append(make("option", "", `#${conn}${peer ? ` with ${peer}` : ""}`));
  select.addEventListener("change", () => {
    picked[host] = select.selectedIndex ? hosts[host].conns[select.selectedIndex - 1][0] : null;
    showHost(panel);
    showMap();
  });
  label.append(select);
  panel.querySelector(".which").append(label);
}

function showHost(panel) {
  const host = Number(panel.dataset.host);
  const box = panel.querySelector(".tcb");
  const conn = shownOf(host);
  const one = known[at].get(`${host} ${conn}`);
  if (!one) {
    box.replaceChildren(make("p", "cite", picked[host] === null ? "No connection yet." : `No connection ${conn} yet.`));
    return;
  }
  const top = make("p");
  const badge = make("span", one.from.length ? "badge fresh" : "badge", one.state || "CLOSED");
  badge.dataset.state = one.state || "CLOSED";
  top.append(badge);
  if (one.from.length) top.append(make("span", "came", `from ${one.from.map(([source]) => source).join(", ")}`));
  const out = [top];
  const others = [...known[at].values()].filter((each) => each.host === host && each.conn !== conn);
  if (others.length) {
    const counts = new Map();
    for (const each of others) counts.set(each.state, (counts.get(each.state) || 0) + 1);
    const words = [...counts].map(([state, count]) => `${count} in ${state || "no state"}`).join(", ");
    out.push(make("p", "others", `Connection ${conn} of ${others.length + 1}; others: ${words}.`));
  }
  if (run.explained) {
    out.push(bars(one));
    const pair = make("div", "two");
    pair.append(...MAIN.map((names) => variables(names, one)));
    out.push(pair);
    const rest = Object.keys(one.vars).filter((name) => !MAIN.flat().includes(name) && one.vars[name] !== "–");
    if (rest.length) {
      const more = make("details");
      more.open = opened.has(host);
      more.addEventListener("toggle", () => (more.open ? opened.add(host) : opened.delete(host)));
      const half = Math.ceil(rest.length / 2);
      const small = make("div", "two");
      small.append(variables(rest.slice(0, half), one), variables(rest.slice(half), one));
      const fresh = rest.filter((name) => name in one.was).length;
      more.append(make("summary", "", `${rest.length} more${fresh ? `, ${fresh} changed` : ""}`), small);
      out.push(more);
    }
  }
  box.replaceChildren(...out);
}

// ------------------------------------------------------------------ the state diagram

const map = byId("map");
const boxes = [...map.querySelectorAll(".state")];
const edges = [...map.querySelectorAll(".edge")];

function showMap() {
  const here = hosts.map((_, host) => {
    const one = known[at].get(`${host} ${shownOf(host)}`);
    return one ? one.state : "";
  });
  const walked = new Set();
  const seen = new Set();
  const mine = (host, conn) => shownOf(host) === conn;
  for (let index = 0; index <= at; index += 1) {
    for (const [host, conn, source, target] of steps[index].moves) {
      if (!mine(host, conn)) continue;
      walked.add(`${source}>${target}`);
      seen.add(source).add(target);
    }
  }
  const hot = new Set(steps[at].moves.map(([, , source, target]) => `${source}>${target}`));
  for (const edge of edges) {
    const key = `${edge.dataset.from}>${edge.dataset.to}`;
    edge.classList.toggle("walked", walked.has(key));
    edge.classList.toggle("hot", hot.has(key));
  }
  // CLOSED stands twice: at its foot for who has come to the end.
  const ended = hosts.map((_, host) => here[host] === "CLOSED" && [...known[at].values()].some(
    (one) => one.host === host && one.conn === shownOf(host) && endOf(host, one.conn)));
  const tags = [];
  for (const box of boxes) {
    const again = box.classList.contains("again");
    const inside = hosts.map((_, host) => host).filter(
      (host) => here[host] === box.dataset.state && (box.dataset.state !== "CLOSED" || ended[host] === again));
    box.classList.toggle("lit", inside.length > 0);
    box.classList.toggle("seen", seen.has(box.dataset.state) && !again);
    const rect = box.querySelector("rect");
    inside.slice(0, 5).forEach((host, place) => {
      const x = Number(rect.getAttribute("x")) + 3 + place * 18;
      const y = Number(rect.getAttribute("y")) - 4;
      const text = draw("text", { x, y: y + 3.5 });
      text.textContent = host + 1;
      tags.push(draw("circle", { class: `fill-${host % 4}`, cx: x, cy: y, r: 8 }), text);
    });
  }
  map.querySelector(".tags").replaceChildren(...tags);
  const words = hosts.map(({ name }, host) => `${name} in ${here[host] || "no state"}`).join(", ");
  map.setAttribute("aria-label", `State diagram: ${words}`);
}

/** Whether a connection has come into CLOSED by one of the two lines at the diagram's foot. */
function endOf(host, conn) {
  for (let index = at; index >= 0; index -= 1) {
    const move = [...steps[index].moves].reverse().find(([h, c]) => h === host && c === conn);
    if (move) return move[2] === "TIME-WAIT" || move[2] === "LAST-ACK" || move[2] === "CLOSING";
  }
  return false;
}

// ------------------------------------------------------------------ timers, and what is under way

function moment() {
  const now = steps[at].t;
  return at + 1 < steps.length ? now + (steps[at + 1].t - now) * part : now;
}

function nothing(words) {
  return make("li", "none", words);
}

/** Whose a timer is: of a host with several connections, which. */
function whose({ host, conn }) {
  if (host < 0) return "";
  return hosts[host].conns.length > 1 && conn !== null ? `${hosts[host].name} #${conn}` : hosts[host].name;
}

function showRunning() {
  const now = moment();
  const mine = timers.filter(({ a, b }) => a <= at && at < b).map((timer) => {
    const item = make("li");
    const row = make("div", "row");
    const left = Math.max(0, timer.due - now);
    const name = make("span", "", `${whose(timer)}: ${timer.name}`);
    name.title = timer.why;
    row.append(name, make("span", "", `${told(left, 3)} left of ${timer.lasts}`));
    const track = make("div", "bar");
    const piece = make("i", "full");
    piece.style.width = `${(100 * left) / Math.max(1, timer.due - timer.set)}%`;
    track.append(piece);
    track.setAttribute("aria-hidden", "true");
    item.append(row, track);
    return item;
  });
  byId("timers").replaceChildren(...(mine.length ? mine.slice(0, 40) : [nothing("none")]));
  const flying = flights.filter(({ a, b }) => a <= at && at < b).map((flight) => {
    const item = make("li", flight.fate === "lost" ? "lost" : "");
    const to = flight.to < 0 ? "" : ` to ${hosts[flight.to].name}`;
    const from = flight.from < 0 ? "" : `${hosts[flight.from].name}${to}: `;
    item.textContent = `${from}${flight.text}${flight.marks ? ` (${flight.marks})` : ""}`;
    if (flight.fate === "lost") item.textContent += ` — will not arrive: ${flight.by || "lost"}`;
    else if (flight.fate === "corrupted") item.textContent += " — corrupted on the way";
    return item;
  });
  byId("flights").replaceChildren(...(flying.length ? flying.slice(0, 40) : [nothing("no segment")]));
}

// ------------------------------------------------------------------ all of it

let shownStep = -1;
let current = null;
const buttons = [...document.querySelectorAll("#events button")];

function showNow() {
  const clock = part ? told(moment()) : steps[at].clock;
  const of = make("span", "", ` event ${at + 1} of ${steps.length}`);
  byId("now").replaceChildren(clock, of);
}

function show() {
  if (!steps.length) return;
  for (const ladder of ladders) showLadder(ladder);
  showNow();
  showRunning();
  if (shownStep === at) return;
  shownStep = at;
  for (const ladder of ladders) light(ladder);
  showEvent();
  for (const panel of panels) showHost(panel);
  showMap();
  const scrub = byId("scrub");
  scrub.value = at;
  scrub.setAttribute("aria-valuetext", `${at + 1} of ${steps.length}, ${steps[at].clock}: ${steps[at].head}`);
  if (current) current.removeAttribute("aria-current");
  current = buttons[at];
  if (current) current.setAttribute("aria-current", "step");
  byId("first").toggleAttribute("data-end", at === 0);
  document.documentElement.dataset.step = at;
}

/** Say for a screen reader where we are; not while playing, which would drown the reader. */
function say() {
  if (playing || !steps.length) return;
  const step = steps[at];
  const moves = step.moves.map(([host, , source, target]) => `${hosts[host].name}: ${source} to ${target}`);
  const words = [`Event ${at + 1} of ${steps.length}, ${step.clock}: ${step.head}.`, ...moves.map((move) => `${move}.`)];
  if (step.why) words.push(step.why[0]);
  byId("said").textContent = words.join(" ");
}

function go(step, { keep = false, following = true } = {}) {
  if (!steps.length) return;
  if (!keep) pause();
  at = Math.min(Math.max(step, 0), steps.length - 1);
  part = 0;
  show();
  if (following) follow();
  say();
}

// ------------------------------------------------------------------ playing

let frame = 0;
let timer = 0;
let before = 0;
let rest = 0;

const pace = () => Number(byId("pace").value);

function play() {
  if (!steps.length) return;
  if (at === steps.length - 1) go(0);
  playing = true;
  mark();
  if (calm.matches) timer = setTimeout(tick, 1400 / pace());
  else {
    before = performance.now();
    rest = 500;
    frame = requestAnimationFrame(animate);
  }
}

function pause() {
  if (!playing) return;
  playing = false;
  cancelAnimationFrame(frame);
  clearTimeout(timer);
  mark();
  say();
}

function mark() {
  const button = byId("play");
  button.classList.toggle("playing", playing);
  button.setAttribute("aria-label", playing ? "Pause" : "Play");
}

/** With reduced motion: from step to step, nothing in between. */
function tick() {
  if (at + 1 < steps.length) go(at + 1, { keep: true });
  if (at + 1 < steps.length) timer = setTimeout(tick, 1400 / pace());
  else pause();
}

function animate(now) {
  let passed = (now - before) * pace();
  before = now;
  if (rest > 0) {
    rest -= passed;
    passed = 0;
  }
  if (passed > 0) {
    const next = steps[at + 1];
    const way = Math.max(...next.y.map((y, index) => y - steps[at].y[index]));
    part += passed / (way < 0.5 ? 1 : Math.min(Math.max(way * 16, 250), 1800));
    if (part >= 1) {
      at += 1;
      part = 0;
      rest = 550;
    }
  }
  show();
  follow();
  if (at + 1 < steps.length) frame = requestAnimationFrame(animate);
  else pause();
}

const toggle = () => (playing ? pause() : play());

// ------------------------------------------------------------------ hands

byId("first").addEventListener("click", () => go(0));
byId("back").addEventListener("click", () => go(part ? at : at - 1));
byId("next").addEventListener("click", () => go(at + 1));
byId("last").addEventListener("click", () => go(steps.length - 1));
byId("play").addEventListener("click", toggle);
byId("scrub").addEventListener("input", (event) => go(Number(event.target.value)));
byId("events").addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) go(Number(button.dataset.step));
});

const KEYS = {
  ArrowLeft: () => go(part ? at : at - 1),
  ArrowRight: () => go(at + 1),
  Home: () => go(0),
  End: () => go(steps.length - 1),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.target.closest("select")) return;
  if (event.key === " ") {
    // On a button, a summary or a list the space bar does what it always does there.
    if (event.target.closest("button, summary")) return;
    toggle();
  } else if (Object.hasOwn(KEYS, event.key)) KEYS[event.key]();
  else return;
  event.preventDefault();
});

/** Go to a height of a ladder: to the last step that lies above it, and from there part of the way on. */
function goToHeight(ladder, clientY) {
  const seen = ladder.svg.getBoundingClientRect();
  const box = ladder.svg.viewBox.baseVal;
  const y = box.y + ((clientY - seen.top) / seen.height) * box.height;
  let step = 0;
  while (step + 1 < steps.length && steps[step + 1].y[ladder.index] <= y + 1) step += 1;
  go(step, { following: false });
  if (step + 1 < steps.length) {
    const here = steps[step].y[ladder.index];
    const way = steps[step + 1].y[ladder.index] - here;
    part = way > 0 ? Math.min(Math.max((y - here) / way, 0), 0.999) : 0;
    if ((y - here) < 4) part = 0;
    show();
  }
}

for (const ladder of ladders) {
  let dragged = false;
  ladder.svg.addEventListener("click", (event) => {
    const serial = event.target.dataset.serial;
    if (dragged) dragged = false;
    else if (serial !== undefined && stepOf.has(Number(serial)) && !event.target.id.includes("lifeline")) {
      go(stepOf.get(Number(serial)), { following: false });
    } else if (steps.length) goToHeight(ladder, event.clientY);
  });
  // A finger scrolls; a mouse scrubs.
  ladder.svg.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "mouse" || !(event.buttons & 1) || !steps.length) return;
    dragged = true;
    goToHeight(ladder, event.clientY);
  });
  ladder.svg.addEventListener("pointerdown", () => { dragged = false; });
}

let size = 1;
function resize(by) {
  size = Math.min(Math.max(size * by, 0.5), 4);
  for (const { svg, names } of ladders) {
    for (const each of [svg, names]) {
      each.style.width = `${size * 100}%`;
      each.style.minWidth = `${svg.viewBox.baseVal.width * 0.85 * size}px`;
    }
  }
  markNames();
  if (steps.length) follow();
}

/** The strip of names is there only where the ladder's own have been scrolled away. */
function markNames() {
  const box = byId("scroll");
  const ladder = ladders.find(({ svg }) => svg.getBoundingClientRect().height);
  if (!ladder) return;
  const whole = ladder.svg.viewBox.baseVal;
  const gone = ((run.tops[ladder.index] - whole.y) / whole.width) * ladder.svg.getBoundingClientRect().width;
  byId("names").classList.toggle("gone", box.scrollTop > gone);
}
byId("scroll").addEventListener("scroll", markNames, { passive: true });
addEventListener("resize", markNames);

byId("smaller").addEventListener("click", () => resize(1 / 1.25));
byId("larger").addEventListener("click", () => resize(1.25));

const dark = matchMedia("(prefers-color-scheme: dark)");
function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : dark.matches;
}
const markTheme = () => byId("theme").setAttribute("aria-pressed", String(isDark()));
byId("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  markTheme();
});
dark.addEventListener("change", markTheme);
markTheme();

/** An address that ends in #21 opens the page at the event of record 21. */
function fromAddress() {
  const serial = Number(location.hash.slice(1));
  const step = location.hash && stepOf.has(serial) ? stepOf.get(serial) : null;
  if (step !== null) go(step);
}
addEventListener("hashchange", fromAddress);
resize(1);
go(0, { following: false });
fromAddress();
