// Rule 1. What comes from the server is put in as text; the ladder alone is a drawing, and is parsed as XML.
// Rule 2. The page keeps what was changed; each run sends all of it, and the server keeps nothing.
"use strict";

const $ = (id) => document.getElementById(id);
const SLIDERS = [
  ["delay", "Delay", 0, 500, 5, (n) => `${n}ms`],
  ["jitter", "Jitter", 0, 200, 5, (n) => `${n}ms`],
  ["loss", "Loss", 0, 50, 1, (n) => `${n}%`],
  ["duplicate", "Duplicated", 0, 50, 1, (n) => `${n}%`],
  ["corrupt", "Corrupted", 0, 50, 1, (n) => `${n}%`],
  ["reorder", "Reordered", 0, 50, 1, (n) => `${n}%`],
  ["rate", "Rate", 3, 9, 0.25, (n) => rate(10 ** n)],
];
const ENDS = {
  idle: "The run has come to rest.",
  until: "The run stopped at its time limit.",
  "event limit": "The run stopped at its limit of events.",
  "record limit": "The run stopped at its limit of records.",
};
let links = {};
let faults = [];
let segments = {};
let chosen = null;
let asked = 0;
let waiting = null;
let file = null;
const small = matchMedia("(max-width: 50rem)");

function rate(bits) {
  const whole = Number(bits.toPrecision(2));
  return whole >= 1e6 ? `${Math.round(whole / 1e5)}00kbit/s` : `${Math.round(whole)}bit/s`;
}

function make(tag, text, properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text }, properties);
}

function sliders() {
  for (const [key, name, min, max, step, written] of SLIDERS) {
    const label = make("label", name + " ");
    const shown = make("output", "as in the file", { id: `${key}-shown` });
    const input = make("input", "", { type: "range", min, max, step, id: key });
    input.value = min;
    input.addEventListener("input", () => {
      shown.textContent = written(Number(input.value));
      (links[$("link").value || "0"] ??= {})[key] = shown.textContent;
      soon();
    });
    label.append(shown, input);
    $("sliders").append(label);
  }
}

function showLink() {
  const said = links[$("link").value || "0"] ?? {};
  for (const [key, , min, max, step, written] of SLIDERS) {
    const steps = Array.from({ length: Math.round((max - min) / step) + 1 }, (_, n) => min + n * step);
    $(key).value = steps.find((n) => written(n) === said[key]) ?? min;
    $(`${key}-shown`).textContent = said[key] ?? "as in the file";
  }
}

function reset() {
  links = {};
  faults = [];
  $("seed").value = $("profile").value = "";
  for (const input of document.querySelectorAll("#knobs input")) input.value = "";
  showLink();
}

function experiment() {
  const knobs = {};
  for (const input of document.querySelectorAll("#knobs input")) {
    if (input.value.trim()) knobs[input.name] = input.value.trim();
  }
  const wanted = { scenario: $("scenario").value, links, knobs, faults, narrow: small.matches };
  if ($("seed").value.trim()) wanted.seed = Number($("seed").value);
  if ($("profile").value) wanted.profile = $("profile").value;
  return wanted;
}

function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(run, 150);
}

async function run() {
  clearTimeout(waiting);
  const mine = ++asked;
  tell("Running …");
  document.body.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch("/api/run", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(experiment()),
    });
    const told = await answer.json();
    if (mine !== asked) return;
    if (answer.ok) show(told);
    else tell(told.error, true);
  } catch {
    if (mine === asked) tell("The server does not answer.", true);
  } finally {
    if (mine === asked) document.body.removeAttribute("aria-busy");
  }
  showFaults();
}

function tell(text, wrong = false) {
  $("status").textContent = text;
  $("status").classList.toggle("wrong", wrong);
  if (!wrong) return;
  $("export").hidden = $("cut").hidden = true;
  document.body.classList.add("stale"); // the last good run is no longer what the settings say
}

function show(told) {
  $("title").textContent = told.about.title;
  $("source").textContent = told.about.source;
  $("question").textContent = told.about.question;
  const left = told.left_out ? ` ${told.left_out} segments are not shown.` : "";
  const held = told.passed ? "All that the file expects is so." : "Not all is as the file expects.";
  document.body.classList.remove("stale");
  tell(`${ENDS[told.ended] ?? told.ended}${told.expectations ? ` ${held}` : ""}${left}`);
  $("cut").textContent = told.cut;
  $("cut").hidden = !told.cut;
  $("failures").replaceChildren(...told.failures.map((each) => make("li", each)));
  $("broken").hidden = !told.failures.length;
  const names = told.about.links;
  if ($("link").children.length !== names.length) {
    $("link").replaceChildren(...names.map((name, n) => make("option", name, { value: String(n) })));
  }
  $("which-link").hidden = names.length < 2;
  segments = told.segments;
  choose(null);
  ladder(told.ladder);
  if (file) URL.revokeObjectURL(file);
  file = URL.createObjectURL(new Blob([told.yaml], { type: "application/yaml" }));
  Object.assign($("export"), { href: file, download: "experiment.yaml", hidden: false });
  $("page").dataset.src = told.page;
  step();
}

/** Show the page of steps, which the server makes when it is asked for. */
async function step() {
  const wanted = $("page").dataset.src;
  if (!$("stepping").open || !wanted || $("page").getAttribute("src") === wanted) return;
  try {
    const answer = await fetch(wanted);
    if (wanted !== $("page").dataset.src) return;
    if (answer.ok) $("page").src = wanted;
    else tell((await answer.json()).error, true);
  } catch {
    tell("The server does not answer.", true);
  }
}

function ladder(text) {
  const drawn = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  for (const arrow of drawn.querySelectorAll('[id^="segment-"]')) {
    const segment = segments[arrow.id.slice(8)];
    if (!segment?.phrase) continue;
    const group = document.createElementNS("http://www.w3.org/2000/svg", "g");
    const hit = arrow.cloneNode(true);
    for (const name of ["id", "stroke", "stroke-width", "stroke-dasharray"]) hit.removeAttribute(name);
    hit.setAttribute("class", "hit");
    group.setAttribute("class", "target");
    group.setAttribute("tabindex", "0");
    group.setAttribute("role", "button");
    group.setAttribute("aria-label", segment.words);
    group.dataset.phrase = segment.phrase;
    arrow.replaceWith(group);
    group.append(arrow, hit);
    group.addEventListener("click", () => choose(segment, group));
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        choose(segment, group);
        document.querySelector("#actions button").focus();
      }
    });
  }
  drawn.setAttribute("role", "group"); // an image would hide the buttons in it
  drawn.classList.add("drawn");
  drawn.style.minWidth = `${drawn.viewBox.baseVal.width * 0.85}px`;
  drawn.style.maxWidth = `${drawn.viewBox.baseVal.width * 1.35}px`;
  $("ladder").replaceChildren(drawn);
}

function choose(segment, group) {
  chosen = segment;
  document.querySelector(".chosen")?.classList.remove("chosen");
  group?.classList.add("chosen");
  $("actions").hidden = !segment;
  $("struck").textContent = segment ? `${segment.words} (${segment.phrase}):` : "";
}

function showFaults() {
  $("faults").replaceChildren(...faults.map((fault, n) => {
    const item = make("li", `${fault.verb} ${fault.phrase}${fault.by ? ` by ${fault.by}` : ""}`);
    const button = make("button", "×", { type: "button", ariaLabel: `Remove: ${item.textContent}` });
    button.addEventListener("click", () => { faults.splice(n, 1); run(); });
    item.append(button);
    return item;
  }));
}

async function begin() {
  sliders();
  const told = await (await fetch("/api/scenarios")).json();
  const groups = new Map();
  for (const each of told.scenarios) {
    if (!groups.has(each.group)) groups.set(each.group, make("optgroup", "", { label: each.group }));
    groups.get(each.group).append(make("option", each.title, { value: each.name }));
  }
  $("scenario").append(...groups.values());
  for (const knob of told.knobs) {
    const label = make("label", knob.name, { title: knob.doc, className: "field" });
    label.append(" ", make("input", "", { name: knob.name, placeholder: "as in the file", title: knob.expected }));
    $("knobs").append(label);
  }
  $("changes").open = !small.matches;
  small.addEventListener("change", run);
  if (groups.size && [...$("scenario").options].some((each) => each.value === "handshake")) $("scenario").value = "handshake";
  $("scenario").addEventListener("change", () => { $("link").replaceChildren(); reset(); run(); });
  $("link").addEventListener("change", showLink);
  $("profile").addEventListener("change", run);
  $("reset").addEventListener("click", () => { reset(); run(); });
  $("settings").addEventListener("submit", (event) => { event.preventDefault(); run(); });
  $("stepping").addEventListener("toggle", step);
  for (const button of document.querySelectorAll("[data-verb]")) {
    button.addEventListener("click", () => {
      const fault = { link: chosen.link, verb: button.dataset.verb, phrase: chosen.phrase };
      if (fault.verb === "delay") fault.by = $("by").value.trim() || "1s";
      faults.push(fault);
      run();
    });
  }
  run();
}

begin();
