// The results of a run of checks and tests: turbo's summary of the tasks, and Vitest's report of each test task.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";

const MAIN = ["types", "lint", "format", "knip", "test:unit", "test:int", "test:e2e"];
const REST = ["test:e2e-rest"];

/** Tasks of turbo.json that each command runs; a task `test:x` writes REPORTS/x.json. */
export const SUITES = {
  main: { command: "npm test", tasks: MAIN, takes: "about 5 minutes" },
  all: { command: "npm run test:all", tasks: [...MAIN, ...REST], takes: "about 7 minutes" },
  /** Tasks that `all` has in addition to `main`. */
  rest: { command: "npm run test:rest", tasks: REST, takes: "about 2 minutes", alone: true },
};
export const REPORTS = "node_modules/.tac8-reports";
/** Folder of the summaries of turbo's runs. */
export const SUMMARIES = ".turbo/runs";

/**
 * Read the results of the newest run, and write their sum and the names of failures to REPORTS/sum.json for `.ci/run`.
 * @returns {{task: string, passed: number, failed: number, skipped: number, failures: string[]}[]} one entry for each task
 */
export function readResults(root, tasks) {
  const exits = readExits(join(root, SUMMARIES));
  const results = tasks.map((task) => {
    const report = readReport(root, task);
    return taskResult({ task, exit: exits.get(task), report });
  });
  mkdirSync(join(root, REPORTS), { recursive: true });
  writeFileSync(join(root, REPORTS, "sum.json"), JSON.stringify(sum(results)));
  return results;
}

/**
 * Return the slowest test files, the slowest first.
 * @returns {{file: string, seconds: number}[]} ten at most; paths are relative to the root
 */
export function slowest(root, tasks) {
  return tasks
    .flatMap((task) => readReport(root, task)?.testResults ?? [])
    .map(({ name, startTime, endTime }) => ({ file: relative(root, name), seconds: (endTime - startTime) / 1000 }))
    .sort((a, b) => b.seconds - a.seconds)
    .slice(0, 10);
}

function readReport(root, task) {
  return readJson(join(root, REPORTS, `${task.slice(task.indexOf(":") + 1)}.json`));
}

/**
 * Count the results of a task. A static check counts as one test. A test task counts its tests, plus one failure if it failed
 * without a failed test (a file cannot be read, the report is missing, or the task never ran).
 * @param {{task: string, exit: number | undefined, report: object | null}} of
 */
export function taskResult({ task, exit, report }) {
  const ok = exit === 0;
  if (!task.startsWith("test:")) {
    return { task, passed: ok ? 1 : 0, failed: ok ? 0 : 1, skipped: 0, failures: ok ? [] : [`${task} failed`] };
  }
  const failed = report?.numFailedTests ?? 0;
  const unexplained = (!ok || report === null) && failed === 0 ? 1 : 0;
  const skipped = (report?.numPendingTests ?? 0) + (report?.numTodoTests ?? 0);
  const failures = failedTests(report).map((name) => `${task}: ${name}`);
  if (failures.length < failed + unexplained) failures.push(`${task} failed`);
  return { task, passed: report?.numPassedTests ?? 0, failed: failed + unexplained, skipped, failures };
}

/** Return each failed test, and each file that could not be run, with the first line of its error. */
function failedTests(report) {
  return (report?.testResults ?? []).flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === "failed");
    const file = basename(name);
    if (failed.length === 0) return status === "failed" ? [`${file}: ${firstLine(message)}`] : [];
    return failed.map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages[0])}`);
  });
}

const firstLine = (text = "") => text.split("\n", 1)[0].slice(0, 200);

export function sum(results) {
  const of = (key) => results.reduce((total, result) => total + result[key], 0);
  const failures = results.flatMap((result) => result.failures);
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped"), failures };
}

/** Return the last lines of `npm test`: the names of failures, and one line of numbers. */
export function conclusion(results) {
  const { passed, failed, skipped, failures } = sum(results);
  const bad = results.filter((result) => result.failed > 0).map((result) => result.task);
  const rest = [skipped > 0 && `${skipped} skipped`, bad.length > 0 && `see ${bad.join(", ")}`].filter(Boolean);
  return { failed, failures, line: [`${passed} passed`, `${failed} failed`, ...rest].join(", ") };
}

function readExits(folder) {
  const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const tasks = files.flatMap((name) => readJson(join(folder, name))?.tasks ?? []);
  // A task with a cached result has no execution.
  return new Map(tasks.map(({ taskId, execution, cache }) => [taskId.replace("//#", ""), exitOf(execution, cache)]));
}

function exitOf(execution, cache) {
  return execution?.exitCode ?? (cache?.status === "HIT" ? 0 : 1);
}

function readJson(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}
