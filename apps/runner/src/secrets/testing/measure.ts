// `node apps/runner/src/secrets/testing/measure.ts [megabytes of changes]` measures the time of the search for secrets and the peak
// memory of its program. The changes are repeated files of this checkout.
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { oneToken } from "@tac8/core/github/tokens";
import { rangesOf } from "../../airlock/ranges.ts";
import { runCleanGitIn } from "../../git/cleanSide.ts";
import { ProcessPool } from "../../process/pool.ts";
import { findSecrets } from "../findSecrets.ts";
import { startScanner } from "../scanner.ts";

const ROOT = new URL("../../../../../", import.meta.url).pathname;
const COMMITTER = "committer a <a@b.c> 1 +0000";
const bytes = Number(process.argv[2] ?? 20) * 1024 * 1024;

const { stdout: listed } = await execa("git", ["-C", ROOT, "ls-files", "*.ts", "*.md", "*.json"]);
const texts = await Promise.all(listed.split("\n").map((path) => readFile(join(ROOT, path))));
const scanners = new ProcessPool({ start: startScanner, maxIdle: 1 });
const dir = await mkdtemp(join(tmpdir(), "tac8-secrets-bench-"));
try {
  await execa("git", ["init", "-q", "--bare", "-b", "main", dir]);
  const base = [
    `commit refs/heads/main\n${COMMITTER}\ndata 4\nbase\n`,
    `commit refs/heads/main\n${COMMITTER}\ndata 4\nwork\n`,
  ];
  const parts: (string | Buffer)[] = [...base];
  for (let size = 0, index = 0; size < bytes; index += 1) {
    const text = texts[index % texts.length] ?? Buffer.alloc(0);
    parts.push(`M 100644 inline d${index % 50}/f${index}.txt\ndata ${text.length}\n`, text, "\n");
    size += text.length;
  }
  await execa("git", ["-C", dir, "fast-import", "--quiet"], {
    input: Buffer.concat(parts.map((part) => Buffer.from(part))),
  });
  const env = { PATH: process.env["PATH"] ?? "" };
  const git = runCleanGitIn({ url: "https://example.org/o/r", tokens: oneToken(null), mirrorDir: dir, env }, dir);
  const { stdout: published } = await execa("git", ["-C", dir, "rev-list", "--max-parents=0", "main"]);
  const values = ["canary-0123456789abcdefghij"];
  const { signal } = new AbortController();
  let peak = 0;
  const timer = setInterval(() => void memory().then((now) => (peak = Math.max(peak, now))), 20);
  const begun = performance.now();
  const where = { git, ranges: rangesOf(git) };
  const what = { published: [published], head: "main", texts: [], values };
  const answer = await findSecrets({ ...where, ...what, scanners, signal });
  const ms = Math.round(performance.now() - begun);
  clearInterval(timer);
  const found =
    "unsearched" in answer
      ? answer.unsearched
      : `${answer.count} findings, unchecked: ${answer.unchecked ?? "nothing"}`;
  process.stdout.write(`${bytes >> 20} MB: ${ms} ms, ${peak >> 10} MB at most (${found})\n`);
} finally {
  await scanners.close();
  await rm(dir, { recursive: true, force: true });
}

/** Return the peak memory, in kB, of the programs that this process has started. */
async function memory(): Promise<number> {
  const tasks = await readdir("/proc/self/task");
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/self/task/${task}/children`, "utf8").catch(() => "")),
  );
  const children = lists
    .join(" ")
    .split(" ")
    .filter((pid) => pid !== "");
  const states = await Promise.all(children.map((pid) => readFile(`/proc/${pid}/status`, "utf8").catch(() => "")));
  return Math.max(0, ...states.map((state) => Number(/^VmHWM:\s+(\d+)/m.exec(state)?.[1] ?? 0)));
}
