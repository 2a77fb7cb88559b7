// What a run of all checks and tests came to: turbo's summary of the tasks, vitest's report of each test task.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The tasks of `npm test`; each `test:x` writes REPORTS/x.json. */
export const TASKS = ["types", "lint", "format", "knip", "test:unit", "test:int", "test:e2e"];
export const REPORTS = "node_modules/.tac8-reports";
/** Where turbo writes its run's summary. */
export const SUMMARIES = ".turbo/runs";

/**
 * Reads the results of the newest run, and keeps their sum as REPORTS/sum.json for `.ci/run`.
 * @returns {{task: string, passed: number, failed: number, skipped: number}[]} one entry for each of TASKS
 */
export function readResults(root) {
  const exits = readExits(join(root, SUMMARIES));
  const results = TASKS.map((task) => {
    const report = readJson(join(root, REPORTS, `${task.slice(task.indexOf(":") + 1)}.json`));
    return taskResult({ task, exit: exits.get(task), report });
  });
  mkdirSync(join(root, REPORTS), { recursive: true });
  writeFileSync(join(root, REPORTS, "sum.json"), JSON.stringify(sum(results)));
  return results;
}

/**
 * A static check counts as one; a test task as its tests, and one failure more when it failed without a failed test
 * (a file that cannot be read, a report that is missing, a task that never ran).
 * @param {{task: string, exit: number | undefined, report: object | null}} of
 */
export function taskResult({ task, exit, report }) {
  const ok = exit === 0;
  if (!task.startsWith("test:")) return { task, passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0 };
  const failed = report?.numFailedTests ?? 0;
  const unexplained = (!ok || report === null) && failed === 0 ? 1 : 0;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  return { task, passed: report?.numPassedTests ?? 0, failed: failed + unexplained, skipped };
}

export function sum(results) {
  const of = (key) => results.reduce((total, result) => total + result[key], 0);
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
}

/** The last line of `npm test`. */
export function verdict(results) {
  const { passed, failed, skipped } = sum(results);
  const bad = results.filter((result) => result.failed > 0).map((result) => result.task);
  const rest = [skipped > 0 && `${skipped} skipped`, bad.length > 0 && `see ${bad.join(", ")}`].filter(Boolean);
  return { failed, line: [`${passed} passed`, `${failed} failed`, ...rest].join(", ") };
}

function readExits(folder) {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const tasks = files.flatMap((name) => readJson(join(folder, name))?.tasks ?? []);
  // A task that the cache answered has no execution of its own.
  return new Map(tasks.map(({ taskId, execution, cache }) => [taskId.replace("//#", ""), exitOf(execution, cache)]));
}

function exitOf(execution, cache) {
  return execution?.exitCode ?? (cache?.status === "HIT" ? 0 : 1);
}

function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}
