// Opens and checks issues of the demo's GitHub that agents work on while docker-check.sh replaces the containers:
//   issues.mjs open URL COUNT            opens and labels them, prints their numbers
//   issues.mjs ended URL NUMBER…         exit 1 unless each has a pull request
//   issues.mjs once URL NUMBER… <EVENTS  exit 1, and a line for each fault, unless each has one pull request, its work was
//                                        done once, and no agent started after one had finished. EVENTS: JSON of XRANGE
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const REPO = "tac8-demo/greeter";
const TOKEN = "demo-token";
const [command, ...rest] = process.argv.slice(2);

async function api(base, path, body) {
  const answer = await fetch(`${base}/repos/${REPO}/${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Return an agent's script. The first agent finishes soon, and the last one works until it is certainly interrupted. */
const scriptOf = (index) => [
  { append: `work-${index}.txt`, text: "begun\n" },
  { wait: 1000 + index * 3000 },
  { append: `work-${index}.txt`, text: "done\n" },
  { commit: `feat: part ${index}` },
  { result: `Part ${index} is done.` },
];

async function open(base, count) {
  for (let index = 0; index < Number(count); index += 1) {
    const body = `\`\`\`tac8-script\n${JSON.stringify(scriptOf(index))}\n\`\`\`\n`;
    const { number } = await api(base, "issues", { title: `Part ${index}`, body, labels: ["rpi-auto"] });
    console.log(number);
  }
}

async function pullsOf(base) {
  const pulls = await api(base, "pulls?state=all&per_page=100");
  return (number) => pulls.filter(({ head }) => head.ref === `auto/gh-${number}`);
}

async function readEvents() {
  const entries = JSON.parse(await text(process.stdin));
  return entries.map(([, fields]) =>
    Object.fromEntries(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]]] : []))),
  );
}

const EXITED = ({ to, evidence }) => to === "agent" && JSON.parse(evidence).cause === "exited";

async function once(base, numbers) {
  const events = await readEvents();
  const pulls = await pullsOf(base);
  const clone = mkdtempSync(join(tmpdir(), "tac8-issues-"));
  const faults = [];
  let interrupted = 0;
  try {
    const auth = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");
    const git = (...args) => execFileSync("git", ["-C", clone, ...args], { encoding: "utf8" });
    git("init", "--quiet");
    const header = `http.extraHeader=Authorization: Basic ${auth}`;
    git("-c", header, "fetch", "--quiet", `${base}/${REPO}.git`, "+refs/heads/*:refs/heads/*");
    for (const [index, number] of numbers.entries()) {
      const own = events.filter(({ issue }) => issue === `tac8-demo.greeter.${number}`);
      const ends = own.filter(({ to }) => to === "agent");
      const causes = ends.map(({ evidence }) => JSON.parse(evidence).cause);
      if (ends.length > 1 || own.some(({ to, reason }) => to === "queued" && reason.includes("shutting down")))
        interrupted += 1;
      const count = pulls(number).length;
      const work = git("show", `auto/gh-${number}:work-${index}.txt`);
      console.log(`  #${number}: agents ended by ${causes.join(", ")}; ${count} pull request`);
      if (count !== 1) faults.push(`#${number} has ${count} pull requests`);
      if (work !== "begun\ndone\n") faults.push(`#${number}: its work was done as ${JSON.stringify(work)}`);
      if (ends.filter(EXITED).length !== 1 || !EXITED(ends.at(-1)))
        faults.push(`#${number} was worked on after its end`);
    }
  } finally {
    rmSync(clone, { recursive: true, force: true });
  }
  console.log(`  ${interrupted} of ${numbers.length} were interrupted`);
  return interrupted === 0 ? [...faults, "none was interrupted"] : faults;
}

const [base, ...numbers] = rest;
if (command === "open") await open(base, numbers[0]);
else {
  const pulls = command === "ended" ? await pullsOf(base) : null;
  const faults = pulls === null ? await once(base, numbers) : numbers.filter((number) => pulls(number).length === 0);
  if (command === "once") for (const fault of faults) console.log(`  ${fault}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}
