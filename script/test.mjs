// `npm test`, `npm run test:all` and `npm run test:rest`: install what the tests need, then run checks and tests through
// turbo, which does not repeat tasks that passed with the same sources. Runs on Node 18.
// Arguments after `--` are passed to turbo: `npm test -- --force` repeats everything.
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ownPath } from "../bin/lib/node.mjs";
import { bootstrap } from "./bootstrap.mjs";
import { REPORTS, SUMMARIES, SUITES, readResults, slowest, conclusion } from "./results.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [name, ...more] = process.argv.slice(2);
const suite = SUITES[name];

process.stdout.write(`${suite.command}: ${suite.tasks.join(", ")}; ${suite.takes} on a machine with 2 cores\n`);
if (await bootstrap({ root, dev: true })) {
  // Reports of an earlier run must not count for this one. turbo restores the reports of cached tasks.
  for (const folder of [REPORTS, SUMMARIES]) rmSync(join(root, folder), { recursive: true, force: true });
  const begin = Date.now();
  process.exitCode = await turbo();
  const { line, failed, failures } = conclusion(readResults(root, suite.tasks));
  const files = slowest(root, suite.tasks).map(({ seconds, file }) => `${seconds.toFixed(1).padStart(6)} s  ${file}`);
  process.stdout.write(`\n${["The slowest files:", ...files].join("\n")}\n`);
  if (failures.length > 0) process.stdout.write(`\n${["Failed:", ...failures].join("\n  ")}\n`);
  process.stdout.write(`\n${line} in ${Math.round((Date.now() - begin) / 1000)} s\n`);
  if (failed > 0) process.exitCode ||= 1;
}

function turbo() {
  const flags = ["--continue=always", "--summarize", "--concurrency=5", "--no-update-notifier", "--log-order=stream"];
  // The tasks that it depends on have just run.
  if (suite.alone) flags.push("--only");
  const env = { ...process.env, PATH: ownPath(), TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" };
  const program = join(root, "node_modules", ".bin", "turbo");
  const child = spawn(process.execPath, [program, "run", ...suite.tasks, ...flags, ...more], {
    cwd: root,
    env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  // Ctrl-C reaches turbo too. Signals to this process alone are passed on.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  return new Promise((resolve) => {
    child.once("error", (error) => {
      process.stderr.write(`turbo cannot be started: ${error.message}\n`);
      resolve(1);
    });
    child.once("exit", (code, signal) => resolve(code ?? 128 + (constants.signals[signal] ?? 0)));
  });
}
